import { once } from 'node:events';
import { WebSocket } from 'ws';
import { closeApps, startApp } from '../support/start-app.js';

afterEach(closeApps);

const forwarded = (address: string): Record<string, string> => ({ 'X-Forwarded-For': address });

describe('With LAB=loopback', () => {
  it.each<[whom: string, environment: Record<string, string>, headers: Record<string, string>, status: number]>([
    ['a client on this machine', {}, {}, 200],
    ['a client on this machine, past the proxy', { TRUST_PROXY: '1' }, {}, 200],
    ['a client on this machine behind a trusted proxy', { TRUST_PROXY: 'loopback' }, forwarded('127.0.0.1'), 200],
    ['another client behind a trusted proxy', { TRUST_PROXY: '1' }, forwarded('192.0.2.1'), 404],
    ['any client behind another proxy', {}, forwarded('127.0.0.1'), 404],
    ['any client behind another proxy that sends Forwarded', {}, { Forwarded: 'for=127.0.0.1' }, 404],
    ['any client behind another proxy that sends X-Real-IP', {}, { 'X-Real-IP': '127.0.0.1' }, 404],
    [
      'a client whose headers contradict each other',
      { TRUST_PROXY: '1' },
      { ...forwarded('::1'), Forwarded: 'for=127.0.0.1' },
      404,
    ],
  ])('the lab answers %s', async (_whom, environment, headers, status) => {
    const { url, webSocketUrl } = await startApp({ LAB: 'loopback', ...environment });
    for (const path of ['/lab', '/lab/request', '/WebSocket/EchoWebSocket.ashx']) {
      const response = await fetch(url + path, { headers });
      await response.text();
      expect(response.status).toBe(status);
    }
    const webSocket = new WebSocket(webSocketUrl.replace('/ws', '/lab'), { headers });
    const opened = once(webSocket, 'open').then(
      () => 200,
      ({ message }: Error) => Number(/\d+$/.exec(message)?.[0]),
    );
    await expect(opened).resolves.toBe(status);
    webSocket.terminate();
  });
});

it('With LAB=true the lab answers any client', async () => {
  const { url } = await startApp({ LAB: 'true' });
  const response = await fetch(`${url}/lab`, { headers: forwarded('192.0.2.1') });
  expect(response.status).toBe(200);
});
