import { once } from 'node:events';
import { jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { readConfiguration } from '../src/config/read-configuration.js';
import { createApp } from '../src/create-app.js';
import { closeApps, startApp, type RunningApp } from './support/start-app.js';

describe('The application', () => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp();
  });
  afterAll(closeApps);

  it.each(['/ws', '/WS', '/ws/', '/Ws/', '/', '/?room=1'])('accepts WebSockets at %s', async (path) => {
    const webSocket = new WebSocket(running.url.replace('http', 'ws') + path);

    await expect(once(webSocket, 'open')).resolves.toBeDefined();

    webSocket.close();
  });

  it('serves the page at /', async () => {
    const response = await fetch(running.url);

    expect(response.status).toBe(200);
    await expect(response.text()).resolves.toContain('commsLog');
  });

  it.each(['/ws/room', '/wss', '/nothing'])('answers %s, which does not exist, with 404', async (path) => {
    expect((await fetch(running.url + path)).status).toBe(404);
  });

  it.each([
    ['off', []],
    ['error', []],
    // Nest's list of modules and routes is not for the person who starts the server.
    ['log', []],
    ['debug', ['DEBUG']],
  ])('logs the levels of LOG_LEVEL=%s', async (level, expected) => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);

    await startApp({ LOG_LEVEL: level });

    const lines = write.mock.calls.map(([line]) => String(line));
    write.mockRestore();
    const levels = new Set(lines.map((line) => /\b(VERBOSE|DEBUG|LOG|WARN)\b/.exec(line)?.[0]));
    expect([...levels]).toEqual(expected);
  });

  it.each([
    ['loads the lab', 'true', 1],
    ['does not load the lab', 'false', 0],
  ])('%s with LAB=%s', async (_, lab, expected) => {
    let loads = 0;
    jest.resetModules();
    jest.unstable_mockModule('../src/lab/lab.module.js', () => {
      loads += 1;
      const LabModule = function (): void {};
      return { LabModule: { register: () => ({ module: LabModule }) } };
    });
    const anew = await import('../src/create-app.js');
    const app = await anew.createApp(readConfiguration({ LOG_LEVEL: 'off', LAB: lab }));
    await app.close();

    expect(loads).toBe(expected);
  });

  it('installs no signal handlers', async () => {
    const before = ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal));

    await startApp();

    expect(['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal))).toEqual(before);
  });

  it('does not start with an option that the library rejects, and names it', async () => {
    const configuration = readConfiguration({ LOG_LEVEL: 'off' });

    const creation = createApp({ ...configuration, webSockets: { ...configuration.webSockets, closeTimeout: -1 } });

    await expect(creation).rejects.toThrow(/closeTimeout is -1, but must be/);
  });
});
