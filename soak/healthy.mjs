// Clients that obey the protocol, and check the server.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, OPCODE } from './connection.mjs';

const between = (low, high) => Math.floor(low + Math.random() * (high - low));

/** The messages for an endpoint, and the check of an answer. */
const exchanges = {
  '/ws': () => {
    const data = randomBytes(between(0, 20_000));
    return { opcode: OPCODE.binary, data, isAnswer: (answer) => Buffer.compare(answer, data) === 0 };
  },
  '/sockets': () => {
    const data = 'ä€😀'.repeat(between(1, 100));
    return { opcode: OPCODE.text, data, isAnswer: (answer) => String(answer) === `Server Response to: ${data}` };
  },
  '/rpc': () => {
    const numbers = [between(0, 1000), between(0, 1000)];
    const data = JSON.stringify({ event: 'add', data: { id: 1, numbers } });
    const sum = numbers[0] + numbers[1];
    return { opcode: OPCODE.text, data, isAnswer: (answer) => JSON.parse(String(answer)).data?.sum === sum };
  },
};

export const endpoints = Object.keys(exchanges);

/** The results of the healthy clients. */
export class Tally {
  connections = 0;
  exchanges = 0;
  longestWait = 0;
}

/**
 * Runs one client after another until the signal is aborted.
 *
 * @param report receives each fault
 */
export async function runHealthyClients({ server, transport, endpoint, tally, report, signal }) {
  while (!signal.aborted) {
    try {
      await runClient({ server, transport, endpoint, tally, signal });
    } catch (error) {
      report(`healthy client at ${endpoint} over ${transport}`, error);
      await sleep(500);
    }
  }
}

async function runClient({ server, transport, endpoint, tally, signal }) {
  const connection = await Connection.open(server, transport, `${endpoint}?client=${randomUUID()}`);
  tally.connections++;
  for (let i = between(5, 50); i > 0 && !signal.aborted; i--) {
    const { opcode, data, isAnswer } = exchanges[endpoint]();
    const start = performance.now();
    connection.send(opcode, data);
    const answer = await connection.next();
    tally.longestWait = Math.max(tally.longestWait, performance.now() - start);
    if (answer === undefined) {
      throw new Error(`The connection ended with ${connection.closeCode ?? 1006} before an answer came.`);
    }
    if (!isAnswer(answer.data)) {
      throw new Error(`The answer to ${data.length} bytes is wrong: ${String(answer.data).slice(0, 80)}`);
    }
    tally.exchanges++;
    await sleep(between(100, 1000));
  }
  const code = await connection.close();
  if (code !== 1000) {
    throw new Error(`A close with 1000 was answered with ${code ?? 'nothing'}.`);
  }
}
