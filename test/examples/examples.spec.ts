import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import { startExamples } from '../../examples/main.js';

describe('The examples:', () => {
  let examples: Awaited<ReturnType<typeof startExamples>>;

  beforeAll(async () => {
    examples = await startExamples(0);
  });
  afterAll(() => examples.close());

  async function connect(path: string, protocols: string[] = [], options: ClientOptions = {}): Promise<WebSocket> {
    const client = new WebSocket(`${examples.url}${path}`, protocols, options);
    await once(client, 'open');
    return client;
  }

  /** The status of a refused handshake. */
  async function refusal(path: string, protocols: string[] = []): Promise<string> {
    const [error] = (await once(new WebSocket(`${examples.url}${path}`, protocols), 'error')) as [Error];
    return error.message;
  }

  const nextMessage = async (client: WebSocket): Promise<string> => String((await once(client, 'message'))[0]);

  describe('The chat room', () => {
    it('sends a message to all members of the room, and to no other room', async () => {
      const headers = { Authorization: 'Bearer let me in' };
      const [alice, bob, carol] = await Promise.all([
        connect('/rooms/7?token=let%20me%20in'),
        connect('/rooms/7', [], { headers }),
        connect('/rooms/8', [], { headers }),
      ]);
      const heard = [alice, bob, carol].map(nextMessage);
      alice.send('hello');
      carol.send('anybody here?');
      expect(await Promise.all(heard)).toEqual(['hello', 'hello', 'anybody here?']);
      [alice, bob, carol].forEach((client) => client.close());
    });

    it.each([
      ['/rooms/7', '401'],
      ['/rooms/7?token=wrong', '401'],
      ['/rooms/seven?token=let%20me%20in', '400'],
    ])('answers a handshake for %s with %s', async (path, status) => {
      expect(await refusal(path)).toContain(status);
    });

    it('answers an ordinary request with 400 and the reason', async () => {
      const response = await fetch(`${examples.url.replace('ws', 'http')}/rooms/7?token=let%20me%20in`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        message: expect.stringMatching(/^Expected a WebSocket handshake: a GET request/),
      });
    });
  });

  describe('The subprotocol example', () => {
    it.each([
      [['unknown', 'upper.example.com'], 'upper.example.com', 'HÉLLO'],
      [['reverse.example.com', 'upper.example.com'], 'reverse.example.com', 'ollÉh'],
    ])(
      'selects from the offer %p the subprotocol %s: the first that the server supports',
      async (offer, chosen, answer) => {
        const client = await connect('/translate', offer);
        expect(client.protocol).toBe(chosen);
        client.send('hÉllo');
        expect(await nextMessage(client)).toBe(answer);
        client.close();
      },
    );

    it('refuses a handshake without a subprotocol', async () => {
      expect(await refusal('/translate', ['unknown'])).toContain('400');
    });
  });
});
