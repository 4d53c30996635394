import { parseCommand } from '../../../../client/console/src/prompt/prompt-command.js';

describe('The typed line', () => {
  const text = (data: string): unknown => ({ kind: 'send', message: { data: Buffer.from(data), binary: false } });

  it.each([
    ['hello', text('hello')],
    ['', text('')],
    [' /ping', text(' /ping')],
    ['//ping', text('/ping')],
    ['///', text('//')],
    ['/ping', { kind: 'ping' }],
    ['/headers ', { kind: 'headers' }],
    ['/help', { kind: 'help' }],
    ['/binary 00 ff', { kind: 'send', message: { data: Buffer.from([0, 255]), binary: true } }],
    ['/binary', { kind: 'send', message: { data: Buffer.alloc(0), binary: true } }],
    ['/binary @a file.bin', { kind: 'file', path: 'a file.bin', binary: true }],
    ['/text @a.txt', { kind: 'file', path: 'a.txt', binary: false }],
    ['one\ntwo', text('one\ntwo')],
    ['/close', { kind: 'close' }],
    ['/close 3000', { kind: 'close', status: { code: 3000, reason: '' } }],
    ['/close 4999 all is said', { kind: 'close', status: { code: 4999, reason: 'all is said' } }],
    ['/close 1011 ü', { kind: 'close', status: { code: 1011, reason: 'ü' } }],
  ])('%j is a command or a message', (line, command) => {
    expect(parseCommand(line)).toEqual(command);
  });

  it.each([
    ['/', '/ is not a command'],
    ['/pong', '/pong is not a command; /help lists them. //pong sends it as a message.'],
    ['/binary 0', '"0" is not hexadecimal'],
    ['/binary @', 'The name of a file is missing after the @.'],
    ['/text hello', '/text needs a file'],
    ['/close now', '"now" is not a valid close status'],
    ['/close 999', '"999" is not a valid close status'],
    ['/close 1004', '"1004" is not a valid close status'],
    ['/close 1005', '"1005" is not a valid close status'],
    ['/close 1006', '"1006" is not a valid close status'],
    ['/close 1015', '"1015" is not a valid close status'],
    ['/close 2999', '"2999" is not a valid close status'],
    ['/close 5000', '"5000" is not a valid close status'],
    [`/close 1000 ${'ü'.repeat(62)}`, 'The reason has 124 bytes; accepted: at most 123.'],
  ])('%j is rejected with a reason', (line, sentence) => {
    expect(parseCommand(line)).toMatchObject({ kind: 'mistake', text: expect.stringContaining(sentence) });
  });
});
