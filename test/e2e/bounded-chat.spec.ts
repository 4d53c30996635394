import { jest } from '@jest/globals';
import { ChatClient, endChatClients } from '../support/chat-client.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { scrape } from '../support/scrape.js';
import { MeasuredServer } from './bounded/measured-server.js';

const MIB = 1024 * 1024;

/** The number of bytes in all messages: far more than the queues and the operating system buffer. */
const SAID = Number(process.env['FLOOD_MIB'] ?? 32) * MIB;

jest.setTimeout(60_000 + (SAID / MIB) * 500);

describe('Bounded memory: the chat', () => {
  let server: MeasuredServer;

  beforeEach(async () => {
    server = await MeasuredServer.start('echo', { CHAT_QUEUE_SIZE: '512KiB' });
  });
  afterEach(endChatClients);
  afterEach(endRawClients);
  afterEach(() => server.stop());

  it('buffers little for ten clients that do not read, and delivers everything to the others', async () => {
    const url = `http://127.0.0.1:${server.port}`;
    const [ann, bob] = [await ChatClient.join(`${url}/background`), await ChatClient.join(`${url}/background`)];
    const sentence = '#'.repeat(128 * 1024);
    const say = async (count: number): Promise<void> => {
      for (let said = 1; said <= count; said++) {
        const text = `${said} ${sentence}`;
        ann.say(text);
        await Promise.all([ann.hear('message', { text }), bob.hear('message', { text })]);
        [ann, bob].forEach(({ heard }) => heard.splice(0));
      }
    };
    await say(100); // warm-up
    const before = (await server.memory()).now;

    await Promise.all(Array.from({ length: 10 }, () => RawClient.open(server.port, '/background')));
    await say(SAID / sentence.length);

    const figures = await scrape(url);
    expect(figures['chat_dropped_messages_total']).toBeGreaterThan(0);
    expect(figures['chat_members']).toBe(12);
    expect((await server.memory()).now - before).toBeLessThan(SAID / 2);
  });
});
