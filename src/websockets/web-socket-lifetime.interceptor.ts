import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import { serveConnection } from './serve-connection.js';
import { WebSocketError } from './web-socket-error.js';
import { upgradeOf, type FrameworkRequest, type WebSocketUpgrade } from './web-socket-upgrade.js';

/**
 * Makes the promise of a controller's method the life of the connection that it accepted, as that of `handleConnection`
 * is in a gateway. What the method throws before it accepts goes to the exception filters, as ever.
 */
@Injectable()
export class WebSocketLifetimeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const upgrade =
      context.getType() === 'http' ? upgradeOf(context.switchToHttp().getRequest<FrameworkRequest>()) : undefined;
    return upgrade === undefined ? next.handle() : defer(() => this.handle(context, next, upgrade));
  }

  private async handle(context: ExecutionContext, next: CallHandler, upgrade: WebSocketUpgrade): Promise<unknown> {
    let result: unknown;
    let ending = Promise.resolve();
    try {
      result = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      if (upgrade.connection === undefined && !isClientGone(error)) {
        throw error;
      }
      ending = Promise.reject(error as Error);
    }
    if (upgrade.connection === undefined) {
      await ending.catch(() => {}); // the client has gone; nobody is there to be told
      return result;
    }
    await serveConnection(upgrade.connection, `${context.getClass().name}.${context.getHandler().name}`, () => ending);
    return undefined;
  }
}

function isClientGone(error: unknown): boolean {
  return error instanceof WebSocketError && error.code === 'WS_CLOSED_PREMATURELY';
}
