import type { Duplex } from 'node:stream';
import { ClientQuestions } from '../../src/rpc/client-questions.js';
import { RpcGateway } from '../../src/rpc/rpc.gateway.js';
import { WsCompatibleClient } from 'nest-raw-websockets';
import { connect, readFrame } from '../support/socket-pair.js';

const MINUTE = 60_000;

describe('A question to a client', () => {
  let questions: ClientQuestions;
  let client: WsCompatibleClient;
  let socket: Duplex;
  const clients: WsCompatibleClient[] = [];

  beforeEach(() => {
    questions = new ClientQuestions();
    ({ client, socket } = newClient());
  });
  afterEach(() => clients.splice(0).forEach((one) => one.terminate()));

  function newClient(): { client: WsCompatibleClient; socket: Duplex } {
    const pair = connect();
    const made = new WsCompatibleClient(pair.connection);
    clients.push(made);
    return { client: made, socket: pair.client };
  }

  async function hear(): Promise<unknown> {
    return JSON.parse((await readFrame(socket)).payload.toString());
  }

  it('is sent, and resolves with the answer', async () => {
    const answer = questions.ask(client, 'Your name?', MINUTE);
    expect(await hear()).toEqual({ event: 'question', data: { id: 1, question: 'Your name?' } });

    questions.answer(client, 1, 'Ann');

    await expect(answer).resolves.toBe('Ann');
  });

  it('resolves with its own answer, in any order of answers', async () => {
    const answers = [questions.ask(client, 'one?', MINUTE), questions.ask(client, 'two?', MINUTE)];

    questions.answer(client, 2, 'two');
    questions.answer(client, 1, 'one');

    await expect(Promise.all(answers)).resolves.toEqual(['one', 'two']);
  });

  it('accepts one answer only', async () => {
    const answer = questions.ask(client, 'Your name?', MINUTE);
    questions.answer(client, 1, 'Ann');
    await answer;

    expect(() => questions.answer(client, 1, 'Bob')).toThrow('no unanswered question with the id 1');
  });

  it('accepts no answer from another client', async () => {
    const answer = questions.ask(client, 'Your name?', MINUTE);
    const { client: other } = newClient();

    expect(() => questions.answer(other, 1, 'Mallory')).toThrow('no unanswered question with the id 1');
    questions.answer(client, 1, 'Ann');

    await expect(answer).resolves.toBe('Ann');
  });

  it('rejects after its time-out, and a later answer is refused', async () => {
    await expect(questions.ask(client, 'Your name?', 1)).rejects.toThrow('There was no answer within 1 ms.');

    expect(() => questions.answer(client, 1, 'Ann')).toThrow('no unanswered question with the id 1');
  });

  it('rejects when the client disconnects', async () => {
    const answers = [questions.ask(client, 'one?', MINUTE), questions.ask(client, 'two?', MINUTE)];

    new RpcGateway(questions).handleDisconnect(client);

    for (const answer of answers) {
      await expect(answer).rejects.toThrow('The client has disconnected.');
    }
  });

  it('is not sent to a client that has disconnected', async () => {
    client.terminate();

    await expect(questions.ask(client, 'Your name?', MINUTE)).rejects.toThrow('The client has disconnected.');
  });

  it('is refused when 16 others to the same client are unanswered', async () => {
    const answers = Array.from({ length: 16 }, () => questions.ask(client, 'Your name?', MINUTE));
    const { client: other } = newClient();

    await expect(questions.ask(client, 'one more?', MINUTE)).rejects.toThrow('You have 16 unanswered questions');
    const ofOther = questions.ask(other, 'Your name?', MINUTE);
    questions.answer(other, 17, 'Bob');
    await expect(ofOther).resolves.toBe('Bob');

    questions.end(client);
    await Promise.allSettled(answers);
  });
});
