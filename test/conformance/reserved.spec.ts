import { binary, clientFrame, ping, text } from '../libs/websockets/protocol/client-frame.js';
import { echoInMemory, exchange } from './exchange.js';
import { serverFrame } from './server-frames.js';
import './wire-matchers.js';

const open = echoInMemory();

describe('RFC 6455 5.2: a reserved bit without a meaning closes with 1002', () => {
  const bits = [
    ['RSV1', 4],
    ['RSV2', 2],
    ['RSV3', 1],
    ['RSV1 and RSV2', 6],
    ['RSV1 and RSV3', 5],
    ['RSV2 and RSV3', 3],
    ['all three', 7],
  ] as const;

  const places = [
    { place: 'text', before: [], opcode: 1, echo: [] },
    { place: 'binary', before: [], opcode: 2, echo: [] },
    { place: 'a ping', before: [], opcode: 9, echo: [] },
    { place: 'a pong', before: [], opcode: 10, echo: [] },
    { place: 'a close', before: [], opcode: 8, echo: [] },
    { place: 'a message after another', before: [text('Hi')], opcode: 1, echo: [serverFrame(1, 'Hi')] },
    { place: 'a continuation', before: [text('Hi', false)], opcode: 0, echo: [serverFrame(1, 'Hi', false)] },
    { place: 'a ping in a message', before: [text('Hi', false)], opcode: 9, echo: [serverFrame(1, 'Hi', false)] },
    { place: 'a close in a message', before: [text('Hi', false)], opcode: 8, echo: [serverFrame(1, 'Hi', false)] },
  ] as const;

  describe.each(places)('in $place', ({ before, opcode, echo }) => {
    it.each(bits)('%s', async (_name, reserved) => {
      const frame = clientFrame({ opcode, reserved, payload: opcode === 8 ? Buffer.from([3, 232]) : 'Hello' });
      expect(await exchange(open, [...before, frame, ping('never answered')])).toBeFailure(1002, ...echo);
      // The first byte is enough: the second has not arrived.
      expect(await exchange(open, [...before, frame.subarray(0, 1)])).toBeFailure(1002, ...echo);
    });
  });

  it('without FIN', async () => {
    expect(await exchange(open, clientFrame({ opcode: 1, reserved: 4, fin: false }))).toBeFailure(1002);
  });
});

describe('RFC 6455 5.2: a reserved opcode closes with 1002', () => {
  it.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])('%i', async (opcode) => {
    const frame = clientFrame({ opcode, payload: 'Hello' });
    expect(await exchange(open, frame)).toBeFailure(1002);
    expect(await exchange(open, clientFrame({ opcode }))).toBeFailure(1002);
    expect(await exchange(open, clientFrame({ opcode, fin: false, payload: 'Hello' }))).toBeFailure(1002);
    expect(await exchange(open, frame.subarray(0, 1))).toBeFailure(1002);
    expect(await exchange(open, [text('Hi'), frame, ping('no')])).toBeFailure(1002, serverFrame(1, 'Hi'));
    expect(await exchange(open, [ping('Hi'), frame, ping('no')])).toBeFailure(1002, serverFrame(10, 'Hi'));
    expect(await exchange(open, [binary('Hi', false), frame])).toBeFailure(1002, serverFrame(2, 'Hi', false));
  });
});
