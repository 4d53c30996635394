// Runs real clients against every behaviour of the lab, and writes what each did to docs/lab-clients.md.
// Usage: npm run lab:clients [folder with the packages from npm]. It takes some minutes, and a quiet machine.
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createLabServer, FRAME_FAULTS } from '../../dist/src/lab/lab-server.js';
import { behaviours } from './behaviours.mjs';
import { startClient } from './client-process.mjs';
import { findClients } from './clients.mjs';
import { breaksMust, describeOutcome } from './verdict.mjs';

/** How long a client has for one behaviour, in ms. After that it hangs, or stays open. */
const TIMEOUT = 3000;

/** How long the lab has to see how a client closed, in ms. */
const SEEN_AFTER = 500;

const MUST = {
  open: 'open',
  refuse: 'not open',
  fail: 'fail the connection',
  deliver: 'deliver the message',
  pong: 'answer the ping',
  reply: 'answer the close frame',
};

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const folder = process.argv[2] ?? join(cache, 'nest-ws-echo/lab-clients');
const clients = findClients(folder);
const rows = behaviours(FRAME_FAULTS).filter(({ isHttp2 }) => !isHttp2);
const lab = await createLabServer({ maxTime: 30_000 });
const columns = await Promise.all(clients.map(column));
await lab.close();
writeFileSync(new URL('../../docs/lab-clients.md', import.meta.url), page());

/** What one client does, row by row. */
async function column(client, number) {
  const program = startClient(client);
  const cells = [];
  for (const [i, behaviour] of rows.entries()) {
    let id = `client-${number}-${i}`;
    const query = new URLSearchParams(behaviour.query);
    query.set('id', id);
    if (query.has('channel')) {
      query.set('channel', id);
    } // the clients run at the same time
    const { protocols = [], action } = behaviour;
    const task = { url: `${lab.url}?${query}`, protocols, action, timeout: TIMEOUT };
    let outcome = await program.run(task);
    if (outcome.hangs && breaksMust(behaviour, outcome, await closeOf(id))) {
      // A slow machine must not accuse a client.
      id = `${id}-again`;
      query.set('id', id);
      outcome = await program.run({ ...task, url: `${lab.url}?${query}`, timeout: 5 * TIMEOUT });
    }
    cells.push(cell(behaviour, outcome, await closeOf(id)));
  }
  program.end();
  return cells;
}

async function closeOf(id) {
  for (let waited = 0; waited < SEEN_AFTER && lab.closeOf(id) === undefined; waited += 20) {
    await wait(20);
  }
  return lab.closeOf(id);
}

function cell(behaviour, outcome, close) {
  const fault = FRAME_FAULTS[behaviour.query.replace('fault=', '')];
  if (fault?.compressed && !outcome.opened && close === undefined) {
    return 'does not offer permessage-deflate';
  }
  const text = describeOutcome(behaviour, outcome, close);
  return breaksMust(behaviour, outcome, close) ? `**breaks the MUST**: ${text}` : text;
}

function page() {
  const head = ['behaviour', 'MUST', ...clients.map(({ name }) => name)];
  const lines = rows.map(({ query, must, rfc }, i) => [
    `\`${query}\``,
    must === undefined ? '' : `${MUST[must]}, ${rfc}`,
    ...columns.map((cells) => cells[i]),
  ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `<!-- Written by scripts/lab-clients/main.mjs. -->
<!-- prettier-ignore-start -->

# What clients do at the lab

What real clients did with each behaviour of [the lab](lab.md), over HTTP/1.1 without TLS. \`npm run lab:clients\` writes this
page.

- _open_: the WebSocket opened, with the subprotocol in parentheses.
- A number is the close code that the client reports, with the reason; an error is its message.
- _sent_ is the close frame that the lab received from the client.
- _stays open_, _waits_: nothing more happened within ${TIMEOUT / 1000} s.
- _MUST_ is what the section demands of a client. A client that does otherwise **breaks the MUST**.

\`rst-stream\` and \`goaway\` are not here: they exist over HTTP/2 alone, and none of these clients opens WebSockets over it.

${table}

<!-- prettier-ignore-end -->
`;
}
