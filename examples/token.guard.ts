import { timingSafeEqual } from 'node:crypto';
import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';

/** What a guard needs to know of a request, on Fastify and on Express. */
interface Request {
  readonly headers: { readonly authorization?: string };
  readonly query: { readonly token?: unknown };
}

/**
 * A token that is checked before the upgrade: whoever has none gets an ordinary 401, and no WebSocket is made.
 *
 * A program sends it as a header. A browser's WebSocket cannot, so it may stand in the query, too; use tokens there that
 * live shortly, because addresses are written to logs.
 */
@Injectable()
export class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers, query } = context.switchToHttp().getRequest<Request>();
    const given = headers.authorization?.replace(/^Bearer /, '') ?? query.token;
    if (typeof given !== 'string' || !isEqual(given, process.env.CHAT_TOKEN ?? 'let me in')) {
      throw new UnauthorizedException('A token is missing, as "Authorization: Bearer …" or "?token=…", or is wrong.');
    }
    return true;
  }
}

/** Takes as long for a wrong token as for the right one. */
function isEqual(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
