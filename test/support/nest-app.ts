import type { AddressInfo } from 'node:net';
import { Module, type INestApplication, type LoggerService, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { useWebSockets, WebSocketsModule, type WebSocketOptions } from 'nest-raw-websockets';
import type { Platform } from './platforms.js';

/** One call of a logger. */
export interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** Records what the application logs. */
export class RecordingLogger implements LoggerService {
  readonly lines: LogLine[] = [];

  /** Warnings and errors. */
  get alarms(): LogLine[] {
    return this.lines.filter(({ level }) => level === 'warn' || level === 'error' || level === 'fatal');
  }

  log(...args: unknown[]): void {
    this.record('log', args);
  }

  warn(...args: unknown[]): void {
    this.record('warn', args);
  }

  error(...args: unknown[]): void {
    this.record('error', args);
  }

  fatal(...args: unknown[]): void {
    this.record('fatal', args);
  }

  debug(...args: unknown[]): void {
    this.record('debug', args);
  }

  verbose(...args: unknown[]): void {
    this.record('verbose', args);
  }

  private record(level: string, args: unknown[]): void {
    this.lines.push({ level, text: args.map(String).join('\n') });
  }
}

/** An application with the library, listening on a free port of 127.0.0.1. */
export interface NestApp {
  readonly app: INestApplication;
  readonly port: number;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly logger: RecordingLogger;
}

@Module({})
class AppModule {}

/** The module of an application. `imports` has WebSocketsModule with `options` unless it is given. */
export interface NestAppParts extends ModuleMetadata {
  readonly options?: WebSocketOptions;
}

/** Creates an application with the library. It does not listen yet. */
export async function createNestApp(
  createAdapter: Platform[1],
  { options, imports = [WebSocketsModule.forRoot(options)], ...metadata }: NestAppParts,
  logger = new RecordingLogger(),
  beforeLibrary: (app: INestApplication) => void = () => {},
): Promise<INestApplication> {
  const app = await NestFactory.create({ module: AppModule, imports, ...metadata }, createAdapter(), {
    abortOnError: false,
    logger,
  });
  beforeLibrary(app);
  useWebSockets(app);
  return app;
}

/**
 * Creates an application with the library, and lets it listen.
 *
 * @param prepare is called before it listens
 * @param beforeLibrary is called before useWebSockets(app)
 */
export async function startNestApp(
  createAdapter: Platform[1],
  parts: NestAppParts,
  prepare?: (app: INestApplication) => unknown,
  beforeLibrary?: (app: INestApplication) => void,
): Promise<NestApp> {
  const logger = new RecordingLogger();
  const app = await createNestApp(createAdapter, parts, logger, beforeLibrary);
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return { app, port, host: `127.0.0.1:${port}`, logger };
}

/** As `startNestApp`, for gateways alone. */
export function startGateways(
  createAdapter: Platform[1],
  gateways: Type[],
  options?: WebSocketOptions,
): Promise<NestApp> {
  return startNestApp(createAdapter, { providers: gateways, options });
}
