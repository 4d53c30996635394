import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { insertAtCursor, interceptKeys, rowsAboveCursor } from '../../../client/console/src/node-internals.js';

describe('The undocumented parts of readline', () => {
  let input: PassThrough;
  let readline: Interface;

  beforeEach(() => {
    input = new PassThrough();
    const output = Object.assign(new PassThrough(), { columns: 10 }).resume();
    readline = createInterface({ input, output, prompt: '> ', terminal: true });
  });
  afterEach(() => readline.close());

  it('pass each key to a function that decides whether readline receives it', async () => {
    const keys: (string | undefined)[] = [];
    interceptKeys(readline, (key, toReadline) => {
      keys.push(key.sequence);
      if (key.sequence !== 'x') {
        toReadline();
      }
    });
    const line = once(readline, 'line');

    input.write('axb\r');

    await expect(line).resolves.toEqual(['ab']);
    expect(keys).toEqual(['a', 'x', 'b', '\r']);
  });

  it('insert text with line breaks at the cursor', async () => {
    readline.write('ad');
    readline.write(null, { name: 'left' });
    insertAtCursor(readline, 'b\nc');
    expect([readline.line, readline.cursor]).toEqual(['ab\ncd', 4]);
    const line = once(readline, 'line');

    readline.write(null, { name: 'return' });

    await expect(line).resolves.toEqual(['ab\ncd']);
  });

  it('report the number of rows above the cursor', () => {
    expect(rowsAboveCursor(readline)).toBe(0);
    insertAtCursor(readline, 'x'.repeat(25));

    readline.prompt(true);

    expect(rowsAboveCursor(readline)).toBe(2);
  });
});
