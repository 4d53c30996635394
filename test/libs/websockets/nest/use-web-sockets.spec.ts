import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import { useWebSockets, WebSocketsModule } from '../../../../libs/websockets/src/index.js';
import { platforms } from '../../../support/platforms.js';

@Module({})
class AppModule {}

describe.each(platforms)('useWebSockets on %s', (_name, createAdapter) => {
  const create = (...imports: Parameters<typeof WebSocketsModule.forRoot>[]) =>
    NestFactory.create(
      { module: AppModule, imports: imports.map((args) => WebSocketsModule.forRoot(...args)) },
      createAdapter(),
      { logger: false },
    );

  it('needs WebSocketsModule, and says so', async () => {
    const app = await create();
    expect(() => useWebSockets(app)).toThrow(
      expect.objectContaining({
        name: 'WebSocketError',
        code: 'WS_MODULE_MISSING',
        message: expect.stringContaining('needs WebSocketsModule.forRoot() or forRootAsync()') as string,
      }),
    );
    expect((app.getHttpServer() as Server).listenerCount('upgrade')).toBe(0);
    await app.close();
  });

  it('cannot be called twice, and says so', async () => {
    const app = await create([]);
    useWebSockets(app);
    expect(() => useWebSockets(app)).toThrow(
      expect.objectContaining({
        code: 'WS_ALREADY_USED',
        message: 'useWebSockets(app) was called before for this application.',
      }),
    );
    expect((app.getHttpServer() as Server).listenerCount('upgrade')).toBe(1);
    await app.close();
  });

  it.each([
    ['forRoot()', () => [WebSocketsModule.forRoot(), WebSocketsModule.forRoot()]],
    ['forRootAsync()', () => [WebSocketsModule.forRoot(), WebSocketsModule.forRootAsync({ useFactory: () => ({}) })]],
  ])('refuses a second module by %s, which would be a second registry', async (_how, register) => {
    const app = await NestFactory.create({ module: AppModule, imports: register() }, createAdapter(), {
      logger: false,
    });
    expect(() => useWebSockets(app)).toThrow(
      expect.objectContaining({
        code: 'WS_MODULE_CONFLICT',
        message: expect.stringContaining('is imported 2 times. Import it once: it is global') as string,
      }),
    );
    await app.close();
  });

  it('listens for upgrades once, and no longer once the application is closed', async () => {
    const app = await create([]);
    const server = app.getHttpServer() as Server;
    useWebSockets(app);
    expect(server.listenerCount('upgrade')).toBe(1);
    await app.listen(0, '127.0.0.1');
    expect(server.listenerCount('upgrade')).toBe(1);
    await app.close();
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});
