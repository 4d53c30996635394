import { isatty } from 'node:tty';
import { ConsoleLogger } from '@nestjs/common';
import type { Configuration } from './config/configuration.js';

/** The logger of a process of the server. */
export function createLogger({ logLevel, logFormat }: Pick<Configuration, 'logLevel' | 'logFormat'>): ConsoleLogger {
  return new ConsoleLogger({
    logLevels: logLevel === 'off' ? [] : [logLevel],
    json: logFormat === 'json',
    // Without this Nest would also write colours into files and pipes.
    colors: logFormat === 'text' && isatty(1) && process.stdout.hasColors(),
  });
}
