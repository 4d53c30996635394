// Runs the client of `ws`.
import { WebSocket } from 'ws';
import { serveTasks } from './tasks.mjs';

await serveTasks(
  ({ url, protocols, action }, outcome) =>
    new Promise((resolve) => {
      const webSocket = new WebSocket(url, protocols);
      webSocket.on('open', () => {
        outcome.opened = true;
        outcome.subprotocol = webSocket.protocol;
        if (action === 'send') {
          ['1', '2', '3'].forEach((text) => webSocket.send(text));
        }
        if (action === 'close') {
          webSocket.close(1000, 'bye');
        }
        if (action === 'ping') {
          webSocket.ping('lab');
        }
      });
      webSocket.on('message', (data) => {
        outcome.messages += 1;
        outcome.bytes += data.length;
      });
      webSocket.on('pong', () => (outcome.pongs = (outcome.pongs ?? 0) + 1));
      webSocket.on('error', ({ message }) => (outcome.error ??= message));
      webSocket.on('close', (code, reason) => {
        Object.assign(outcome, { code, reason: reason.toString() });
        resolve();
      });
      outcome.giveUp = () => webSocket.terminate();
    }),
);
