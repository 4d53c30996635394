import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import { serveConnection } from './serve-connection.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import { upgradeOf, type FrameworkRequest, type WebSocketUpgrade } from '../handshake/web-socket-upgrade.js';

/**
 * Makes the promise of a controller's method the life of the connection that it accepted, as that of `handleConnection`
 * is in a gateway. What the method throws before it accepts goes to the exception filters, as ever.
 *
 * It is the last of the global interceptors: one that gives up after some seconds, as many applications have it, gives
 * up the HTTP response, of which nobody hears, and not the WebSocket.
 */
@Injectable()
export class WebSocketLifetimeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const upgrade =
      context.getType() === 'http' ? upgradeOf(context.switchToHttp().getRequest<FrameworkRequest>()) : undefined;
    return upgrade === undefined ? next.handle() : defer(() => this.handle(context, next, upgrade));
  }

  private async handle(context: ExecutionContext, next: CallHandler, upgrade: WebSocketUpgrade): Promise<unknown> {
    const handled = lastValueFrom(next.handle(), { defaultValue: undefined });
    try {
      await handled;
    } catch (error) {
      if (upgrade.connection === undefined) {
        return isClientGone(error) ? undefined : handled; // nobody is there to be told
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
