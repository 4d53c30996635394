import { linesOf } from '../../../../client/console/pipe/lines-of.js';

async function* chunks(texts: readonly string[], onRead = (): void => {}): AsyncGenerator<Buffer> {
  for (const text of texts) {
    onRead();
    yield Buffer.from(text);
  }
}

async function collect(texts: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunks(texts))) lines.push(line.toString());
  return lines;
}

describe('Lines', () => {
  it.each([
    [[], []],
    [['a\nb\n'], ['a', 'b']],
    [['a\nb'], ['a', 'b']],
    [
      ['a', 'b', '\nc', '\n'],
      ['ab', 'c'],
    ],
    [['\n\n'], ['', '']],
    [['a\r\nb\r\n'], ['a', 'b']],
    [
      ['a\r', '\nb'],
      ['a', 'b'],
    ],
    [['a\rb\n'], ['a\rb']],
    [['ü'.repeat(3)], ['üüü']],
  ])('of %j are %j', async (texts, lines) => {
    expect(await collect(texts)).toEqual(lines);
  });

  it('are read when they are asked for', async () => {
    let reads = 0;
    const lines = linesOf(chunks(['a\nb\n', 'c\n', 'd\n'], () => reads++));

    await lines.next();
    await lines.next();
    expect(reads).toBe(1);
    await lines.next();
    expect(reads).toBe(2);
  });
});
