import { isatty } from 'node:tty';
import { ConsoleLogger } from '@nestjs/common';
import type { Configuration } from './config/configuration.js';

type LogOptions = Pick<Configuration, 'logLevel' | 'logFormat'>;

/** Contexts in which Nest lists the parts of an application at each start: modules, routes, messages of gateways. */
const PARTS_OF_THE_APPLICATION: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'WebSocketsController',
]);

/** The context in which Nest logs "successfully started". That comes before the port is open, so it is left out. */
const TOO_EARLY = 'NestApplication';

/** The logger of a process of the server. The start takes few lines: what Nest lists is logged at the level debug. */
class ServerLogger extends ConsoleLogger {
  override log(message: unknown, ...contextAndMore: unknown[]): void {
    const context = contextAndMore.at(-1);
    if (PARTS_OF_THE_APPLICATION.has(context)) {
      this.debug(message, ...contextAndMore);
    } else if (context !== TOO_EARLY) {
      super.log(message, ...contextAndMore);
    }
  }
}

/** Creates the logger of a process of the server. */
export function createLogger({ logLevel, logFormat }: LogOptions): ConsoleLogger {
  return new ServerLogger({
    logLevels: logLevel === 'off' ? [] : [logLevel],
    json: logFormat === 'json',
    // Without this Nest would also write colours into files and pipes.
    colors: logFormat === 'text' && isatty(1) && process.stdout.hasColors(),
  });
}

/** Whether lines of the level `log` are logged. */
export function logsInformation({ logLevel }: Pick<LogOptions, 'logLevel'>): boolean {
  return logLevel === 'verbose' || logLevel === 'debug' || logLevel === 'log';
}
