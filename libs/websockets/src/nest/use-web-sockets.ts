import type { INestApplication } from '@nestjs/common';
import { WebSocketsAdapter } from './web-sockets.adapter.js';

/**
 * Makes an application speak raw WebSockets: what `app.UseWebSockets()` is to ASP.NET Core. Call it after the
 * application was created and before it listens. The options are those of `WebSocketsModule`.
 *
 * Interceptors that are global by then, as those of `APP_INTERCEPTOR` are, see a controller that accepts as long as its
 * WebSocket lives; those that `app.useGlobalInterceptors()` adds later, and those of the controller, see its method.
 *
 * @throws WebSocketError `WS_MODULE_MISSING` when no module of the application imports `WebSocketsModule`,
 * `WS_MODULE_CONFLICT` when it is imported twice, `WS_ALREADY_USED` when this was called before.
 */
export function useWebSockets(app: INestApplication): void {
  app.useWebSocketAdapter(new WebSocketsAdapter(app));
}
