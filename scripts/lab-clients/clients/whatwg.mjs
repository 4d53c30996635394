// Runs a client with the API of browsers: `whatwg.mjs` that of the runtime, with the folder of a package that of the package.
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { serveTasks } from './tasks.mjs';

const [from] = process.argv.slice(2);
const { WebSocket } = from === undefined ? globalThis : createRequire(import.meta.url)(from);

await serveTasks(
  ({ url, protocols, action }, outcome) =>
    new Promise((resolve) => {
      const webSocket = new WebSocket(url, protocols);
      webSocket.binaryType = 'arraybuffer';
      webSocket.addEventListener('open', () => {
        outcome.opened = true;
        outcome.subprotocol = webSocket.protocol;
        if (action === 'send') {
          ['1', '2', '3'].forEach((text) => webSocket.send(text));
        }
        if (action === 'close') {
          webSocket.close(1000, 'bye');
        }
        if (action === 'ping') {
          outcome.cannot = 'has no pings';
        }
      });
      webSocket.addEventListener('message', ({ data }) => {
        outcome.messages += 1;
        outcome.bytes += typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
      });
      webSocket.addEventListener('error', ({ error, message }) => {
        outcome.error ??= error?.cause?.message ?? error?.message ?? message ?? 'error';
      });
      webSocket.addEventListener('close', ({ code, reason }) => {
        Object.assign(outcome, { code, reason });
        resolve();
      });
      outcome.giveUp = () => webSocket.close();
    }),
);
