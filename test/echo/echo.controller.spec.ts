import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

describe('An ordinary GET request', () => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp();
  });
  afterAll(closeApps);

  it.each(['/ws', '/WS', '/ws/', '/Ws/?room=1'])('for %s is answered with 400 and the reason', async (path) => {
    const response = await fetch(`${running.url}${path}`);

    expect(response.status).toBe(400);
    await expect(response.json()).resolves.toEqual({
      statusCode: 400,
      error: 'Bad Request',
      message: expect.stringMatching(/^Expected a WebSocket handshake: .*Upgrade: websocket.*Sec-WebSocket-Key/),
    });
  });

  it.each(['/ws/room', '/wss', '/nothing'])('for %s, which does not exist, is answered with 404', async (path) => {
    const response = await fetch(`${running.url}${path}`);

    expect(response.status).toBe(404);
  });
});
