import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { defer, lastValueFrom, tap, type Observable } from 'rxjs';
import type { Observers } from '../connection/observers.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import type { PendingUpgrade } from '../handshake/pending-upgrade.js';
import { ReceivedHandshake } from '../handshake/received-handshake.js';
import type { TrustedProxies } from '../handshake/trusted-proxies.js';
import { serveConnection } from './serve-connection.js';
import { nodeRequestOf, refusalOf, upgradeOf, type FrameworkRequest } from './web-socket-manager.js';

/**
 * Makes the promise of a controller's method the life of the connection that it accepted, as that of `handleConnection`
 * is in a gateway. What the method throws before it accepts goes to the exception filters, as ever.
 *
 * It is the last of the global interceptors. Many applications have an interceptor with a time-out: it gives up the HTTP
 * response, which has been sent, and not the WebSocket.
 */
@Injectable()
export class WebSocketLifetimeInterceptor implements NestInterceptor {
  constructor(
    private readonly observers: Observers,
    private readonly proxies: TrustedProxies,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') {
      return next.handle();
    }
    const request = context.switchToHttp().getRequest<FrameworkRequest>();
    const upgrade = upgradeOf(request);
    if (upgrade === undefined) {
      return next.handle().pipe(tap({ error: (error: object) => this.onError(error, request) }));
    }
    upgrade.hasReachedHandler = true;
    return defer(() => this.handle(context, next, upgrade));
  }

  /** Tells observers of an ordinary request where a WebSocket handshake was expected. */
  private onError(error: object, request: FrameworkRequest): void {
    const refusal = refusalOf(error);
    if (refusal?.reason === 'not-a-handshake') {
      const nodeRequest = nodeRequestOf(request);
      this.observers.refused(new ReceivedHandshake(nodeRequest, this.proxies.clientOf(nodeRequest)), refusal);
    }
  }

  private async handle(context: ExecutionContext, next: CallHandler, upgrade: PendingUpgrade): Promise<unknown> {
    const handled = lastValueFrom(next.handle(), { defaultValue: undefined });
    try {
      await handled;
    } catch (error) {
      if (upgrade.connection === undefined) {
        return isClientGone(error) ? undefined : handled; // the client cannot be answered
      }
    }
    if (upgrade.connection === undefined) {
      return handled;
    }
    await serveConnection(upgrade.connection, `${context.getClass().name}.${context.getHandler().name}`, handled);
    return undefined;
  }
}

function isClientGone(error: unknown): boolean {
  return error instanceof WebSocketError && error.code === 'WS_CLOSED_PREMATURELY';
}
