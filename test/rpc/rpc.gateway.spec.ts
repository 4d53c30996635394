import { RpcModule } from '../../src/rpc/rpc.module.js';
import { WebSocketsModule } from 'nest-raw-websockets';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { binary, close, text } from '../libs/websockets/protocol/client-frame.js';

describe.each(platforms)('/rpc, on %s,', (_name, createAdapter) => {
  let nest: NestApp;
  let client: RawClient;

  beforeAll(async () => {
    nest = await startNestApp(createAdapter, { imports: [WebSocketsModule.forRoot(), RpcModule] });
  });
  afterAll(() => nest.app.close());

  beforeEach(async () => {
    client = await RawClient.open(nest.port, '/rpc');
  });
  afterEach(async () => {
    await endRawClients();
    expect(nest.logger.alarms).toEqual([]);
  });

  const say = (message: unknown, from = client): RawClient => from.write(text(JSON.stringify(message)));
  const hear = async (at = client): Promise<unknown> => JSON.parse((await at.readFrame()).payload.toString());

  it.each<[string, object | null | undefined, object]>([
    ['add', { numbers: [1, 2.5, -1] }, { sum: 2.5 }],
    ['add', { id: 1, numbers: [] }, { id: 1, sum: 0 }],
    ['add', { id: 'a', numbers: [1e12, 1e12] }, { id: 'a', sum: 2e12 }],
    ['reverse', { id: 0, text: 'Grüße 🎉' }, { id: 0, text: '🎉 eßürG' }],
    ['reverse', { text: '' }, { text: '' }],
    ['time', { id: 2 }, { id: 2, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) }],
    ['time', {}, { time: expect.any(String) as string }],
    ['time', null, { time: expect.any(String) as string }],
    ['time', undefined, { time: expect.any(String) as string }],
  ])('answers the call %s of %j with %j', async (event, data, answer) => {
    say({ event, data });

    expect(await hear()).toEqual({ event, data: answer });
  });

  it('accepts calls in binary messages', async () => {
    client.write(binary('{"event":"add","data":{"numbers":[1,2]}}'));

    expect(await hear()).toEqual({ event: 'add', data: { sum: 3 } });
  });

  it('calls the client, and uses its answer as the result', async () => {
    say({ event: 'ask-client', data: { id: 'a', question: 'Your name?' } });
    const { event, data } = (await hear()) as { event: string; data: { id: number; question: string } };
    expect([event, data.question]).toEqual(['question', 'Your name?']);

    say({ event: 'answer', data: { id: data.id, answer: 'Ann' } });

    expect(await hear()).toEqual({ event: 'ask-client', data: { id: 'a', answer: 'Ann' } });
  });

  it('answers other calls while the client decides', async () => {
    say({ event: 'ask-client', data: { question: 'Your name?' } });
    await hear();

    say({ event: 'add', data: { numbers: [1] } });

    expect(await hear()).toEqual({ event: 'add', data: { sum: 1 } });
  });

  it('reports a client that does not answer in time', async () => {
    say({ event: 'ask-client', data: { id: 3, question: 'Your name?', timeout: 1 } });
    await hear();

    expect(await hear()).toEqual({
      event: 'exception',
      data: { status: 'error', message: 'There was no answer within 1 ms.', cause: { event: 'ask-client', id: 3 } },
    });
  });

  it('cancels its questions to a client that disconnects, without effect on other clients', async () => {
    const other = await RawClient.open(nest.port, '/rpc');
    say({ event: 'ask-client', data: { question: 'Your name?' } });
    await hear();
    client.write(close(1000));
    await client.readClose();

    say({ event: 'add', data: { numbers: [1] } }, other);

    expect(await hear(other)).toEqual({ event: 'add', data: { sum: 1 } });
  });

  const deep = '['.repeat(100_000) + ']'.repeat(100_000);

  it.each<[string, string, string, object | undefined]>([
    ['text that is not JSON', 'hello', 'The message is not JSON: Unexpected token', undefined],
    [
      'an array',
      '[{"event":"time"}]',
      'The message is not a call: Invalid input: expected object, received array',
      undefined,
    ],
    ['an empty object', '{}', 'The message is not a call: event: Invalid option', undefined],
    ['an unknown event', '{"event":"subtract","data":{"id":4}}', 'event: Invalid option', { event: 'subtract', id: 4 }],
    ['null as data', '{"event":"add","data":null}', 'expected object, received null', { event: 'add' }],
    ['a call without data', '{"event":"add"}', 'expected object, received undefined', { event: 'add' }],
    [
      'data of the wrong type',
      '{"event":"add","data":{"id":5,"numbers":[1,"2"]}}',
      'numbers.1: Invalid input: expected number, received string',
      { event: 'add', id: 5 },
    ],
    ['missing data', '{"event":"reverse","data":{}}', 'text: Invalid input', { event: 'reverse' }],
    ['unexpected data', '{"event":"time","data":{"zone":1}}', 'Unrecognized key: "zone"', { event: 'time' }],
    ['a sum that overflows', '{"event":"add","data":{"numbers":[1e308]}}', 'numbers.0: Too big', { event: 'add' }],
    ['an invalid id', `{"event":"time","data":{"id":${deep}}}`, 'id: Invalid input', { event: 'time' }],
    [
      'a prototype in the data',
      '{"event":"add","data":{"__proto__":{"numbers":[]}}}',
      'numbers: Invalid',
      { event: 'add' },
    ],
    [
      'a time-out of 0',
      '{"event":"ask-client","data":{"question":"?","timeout":0}}',
      'timeout: Too small',
      { event: 'ask-client' },
    ],
    [
      'an answer without a question',
      '{"event":"answer","data":{"id":0,"answer":""}}',
      'You have no unanswered question with the id 0',
      { event: 'answer', id: 0 },
    ],
    ['deeply nested data', `{"event":"add","data":${deep}}`, 'expected object, received array', { event: 'add' }],
  ])('explains the fault in %s, and continues', async (_what, message, problem, cause) => {
    client.write(text(message));

    expect(await hear()).toEqual({
      event: 'exception',
      data: { status: 'error', message: expect.stringContaining(problem) as string, cause },
    });
    say({ event: 'add', data: { numbers: [1] } });
    expect(await hear()).toEqual({ event: 'add', data: { sum: 1 } });
  });
});
