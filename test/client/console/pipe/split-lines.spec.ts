import { LINE_FEED, splitLines } from '../../../../client/console/src/pipe/split-lines.js';

async function* chunks(texts: readonly string[], onRead = (): void => {}): AsyncGenerator<Buffer> {
  for (const text of texts) {
    onRead();
    yield Buffer.from(text);
  }
}

async function collect(texts: readonly string[], separator = LINE_FEED): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(chunks(texts), separator)) {
    lines.push(line.toString());
  }
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

  it('end with NUL if that is the separator, and may contain LF and CR', async () => {
    expect(await collect(['a\nb\r\0', 'c\0\0d'], 0)).toEqual(['a\nb\r', 'c', '', 'd']);
  });

  it('are read on demand', async () => {
    let reads = 0;
    const lines = splitLines(
      chunks(['a\nb\n', 'c\n', 'd\n'], () => reads++),
      LINE_FEED,
    );

    await lines.next();
    await lines.next();
    expect(reads).toBe(1);
    await lines.next();
    expect(reads).toBe(2);
  });
});
