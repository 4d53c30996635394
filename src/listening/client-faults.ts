import { Catch, HttpException, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

/**
 * Answers like Nest, but does not log the faults of clients. Nest logs every exception that is not an `HttpException` as an
 * error with its stack, also if a request breaks off, or if Fastify refuses it, for example for its content type.
 */
@Catch()
export class ClientFaults extends BaseExceptionFilter {
  override handleUnknownError(
    exception: unknown,
    host: ArgumentsHost,
    applicationRef: Parameters<BaseExceptionFilter['handleUnknownError']>[2],
  ): void {
    if (host.getType() === 'http' && isLossOfClient(exception, host)) {
      this.catch(new HttpException('The request broke off.', 400), host);
    } else if (this.isHttpError(exception) && exception.statusCode < 500) {
      const { statusCode } = exception;
      this.catch(new HttpException({ statusCode, message: this.getHttpErrorMessage(exception) }, statusCode), host);
    } else {
      super.handleUnknownError(exception, host, applicationRef);
    }
  }
}

/** Whether an exception means that the client's connection or stream ended in the middle of its request. */
function isLossOfClient(exception: unknown, host: ArgumentsHost): boolean {
  const { raw } = host.switchToHttp().getRequest<{ raw: IncomingMessage | Http2ServerRequest }>();
  return raw.errored === exception || ('stream' in raw && raw.stream.errored === exception);
}
