import { Inject, Injectable, NotFoundException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TrustedProxies } from 'nest-raw-websockets';
import { LAB_OPTIONS, type LabOptions } from './lab-options.js';

/** The headers that proxies add. */
const FORWARDED = /^(?:forwarded|x-forwarded-.+|x-real-ip|via)$/;

const LOOPBACK = /^(?:127\.|::1$)/;

/**
 * With LAB=loopback, lets in only clients on this machine. The peer of a connection is always on it, because all addresses are
 * loopback addresses, but the peer may be a proxy for other machines. A client behind a proxy is on this machine only if a proxy
 * of TRUST_PROXY says so.
 */
@Injectable()
export class LoopbackGuard implements CanActivate {
  constructor(
    @Inject(LAB_OPTIONS) private readonly options: LabOptions,
    @Inject(TrustedProxies) private readonly proxies: TrustedProxies,
  ) {}

  /** @throws NotFoundException for other clients, as without a lab */
  canActivate(context: ExecutionContext): boolean {
    const { raw } = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.options.loopbackOnly) {
      const { address, proxies } = this.proxies.clientOf(raw);
      const isForwarded = Object.keys(raw.headers).some((name) => FORWARDED.test(name));
      if (!LOOPBACK.test(address) || (isForwarded && proxies === undefined)) {
        throw new NotFoundException(`Cannot ${raw.method} ${raw.url}`);
      }
    }
    return true;
  }
}
