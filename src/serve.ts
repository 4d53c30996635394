import { constants } from 'node:os';
import { Logger, type LoggerService } from '@nestjs/common';
import type { Command } from 'commander';
import { optionDescriptions, type Configuration } from './config/configuration.js';
import { isHttps } from './config/listen-address.js';
import { endOfLifeWarning, NODE_RELEASE } from './config/node-release.js';
import { CAN_HAVE_WORKERS, IS_WORKER, WORKER_ENVIRONMENT } from './config/process-role.js';
import { ConfigurationError, readConfiguration, type CommandLineOptions } from './config/read-configuration.js';
import { developmentCertificate } from './listening/development-certificate.js';
import { listen, ListenError } from './listening/listen.js';
import type { SharedTls } from './listening/secure-servers.js';
import { isSocketFile, removeSocketFileAtExit } from './listening/socket-file.js';
import { createLogger } from './logger.js';
import type { WorkerProcess } from './workers/worker.js';
import { tuneForLargeMessages } from 'nest-raw-websockets';

/** The signals that end the server. */
const signals = ['SIGINT', 'SIGTERM'] as const;

/** Adds the options, the help and the action to the command that starts the server. */
export function defineServe(command: Command): void {
  command
    .option('--urls <urls>', 'addresses to listen on, separated by ";", such as http://localhost:5000')
    .option(
      '--lab-on-loopback',
      'serve /lab to clients on this machine, if all addresses are loopback addresses, unless LAB is set',
    )
    .addHelpText('after', () => {
      const width = Math.max(...optionDescriptions.map(({ variable }) => variable.length));
      const lines = optionDescriptions.map(({ variable, description }) => `  ${variable.padEnd(width)} ${description}`);
      return ['', 'Environment variables:', ...lines].join('\n');
    })
    .action(serve);
}

async function serve(options: CommandLineOptions): Promise<void> {
  goOnWithoutLog();
  try {
    const configuration = readConfiguration(process.env, options);
    if (IS_WORKER) {
      await serveAsWorker(configuration);
    } else if (configuration.workers > 1 && CAN_HAVE_WORKERS) {
      await runWorkers(configuration);
    } else {
      await serveAlone(configuration);
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof ListenError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** Serves requests in one process. */
async function serveAlone(configuration: Configuration): Promise<void> {
  const logger = createLogger(configuration);
  Logger.overrideLogger(logger);
  warn(configuration);
  if (configuration.workers > 1) {
    new Logger('Main').warn(
      'WORKERS is ignored, because this process is itself a worker of another cluster, such as that of pm2. Start more of them there.',
    );
  }
  announce(await serveRequests(configuration, logger));
}

/** Serves requests in this process. @returns the addresses */
async function serveRequests(
  configuration: Configuration,
  logger: LoggerService,
  worker?: WorkerProcess,
  tls?: SharedTls,
): Promise<string[]> {
  tuneForLargeMessages();
  // Loaded only after the configuration has been checked, so that the help and errors appear at once.
  const { createApp } = await import('./create-app.js');
  const app = await createApp(configuration, logger, worker);
  app.enableShutdownHooks([...signals], { useProcessExit: true });
  endOnSecondSignal();
  if (worker?.isEnding) {
    process.exit();
  }
  return listen(app, configuration.listenOn, tls);
}

/** Serves requests in several processes. This one, the primary, starts the others, and ends when they have ended. */
async function runWorkers(configuration: Configuration): Promise<void> {
  Logger.overrideLogger(createLogger(configuration));
  warn(configuration);
  const { listenOn, tlsCert, xdgCacheHome, webSockets, workers } = configuration;
  const { Primary } = await import('./workers/primary.js');
  const leaveFiles: (() => void)[] = [];
  const primary = new Primary({
    workers,
    environment: WORKER_ENVIRONMENT,
    limits: webSockets,
    developmentCertificate:
      tlsCert === undefined && listenOn.some(isHttps) ? await developmentCertificate(xdgCacheHome) : undefined,
    shutdownTime: webSockets.drainDelay + webSockets.drainSpread + webSockets.shutdownTimeout,
    canListenAgain: !listenOn.some((address) => 'fd' in address),
    onListening: (urls) => {
      leaveFiles.push(...listenOn.filter(isSocketFile).map(({ path }) => removeSocketFileAtExit(path)));
      announce(urls);
    },
  });
  signals.forEach((signal) => process.on(signal, () => primary.shutDown(signal)));
  endOnSecondSignal();
  if (tlsCert !== undefined) {
    process.on('SIGHUP', () => primary.deliver('SIGHUP')); // the certificate has changed
  }
  const exitCode = await primary.run();
  leaveFiles.forEach((leave) => leave()); // they are gone: the last worker has closed the sockets
  process.exit(exitCode);
}

async function serveAsWorker(configuration: Configuration): Promise<void> {
  const { WorkerProcess } = await import('./workers/worker.js');
  const worker = new WorkerProcess(signals);
  const { isFirst, developmentCertificate: certificate, ticketKeys } = await worker.start();
  const logger = createLogger(configuration);
  // The first worker has logged how the server starts.
  const isQuiet = !isFirst && configuration.logLevel === 'log';
  if (isQuiet) {
    logger.setLogLevels(['warn']);
  }
  const tls = { developmentCertificate: certificate, ticketKeys: Buffer.from(ticketKeys, 'base64') };
  worker.listening(await serveRequests(configuration, logger, worker, tls));
  if (isQuiet) {
    logger.setLogLevels([configuration.logLevel]);
  }
}

function announce(urls: readonly string[]): void {
  const logger = new Logger('Main');
  for (const url of urls) {
    logger.log(`Now listening on: ${url}`);
  }
  const page = pageUrl(urls);
  if (page !== undefined) {
    logger.log(`Open ${page} in a browser`);
  }
}

/** The URL of the page for a browser on this machine. Undefined if the server listens on pipes and Unix sockets alone. */
function pageUrl(urls: readonly string[]): string | undefined {
  const url = urls.find((address) => /^https?:\/\/(?!unix:)/.test(address));
  return url?.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:|$)/, '//localhost');
}

/**
 * The server goes on when its log cannot be written, because the program that reads it has ended or the disk is full. Without
 * these listeners the error would end the process.
 */
function goOnWithoutLog(): void {
  [process.stdout, process.stderr].forEach((stream) => stream.on('error', () => {}));
}

/** Warns of settings without an effect, and of an old Node.js. */
function warn({ tlsCert, listenOn, lab }: Configuration): void {
  if (process.env.LAB === 'loopback' && lab === false) {
    new Logger('Main').warn(
      'LAB=loopback has no effect, because the server listens on an address that is not a loopback address, or has several workers.',
    );
  }
  if (tlsCert !== undefined && !listenOn.some(isHttps)) {
    new Logger('Main').warn('TLS_CERT and TLS_KEY are not used, because the server listens on no https address.');
  }
  const warning = endOfLifeWarning(NODE_RELEASE, new Date());
  if (warning !== undefined) {
    new Logger('Main').warn(warning);
  }
}

/** A second signal ends the process at once. Nest ignores further signals while the application closes. */
function endOnSecondSignal(): void {
  let firstAt: number | undefined;
  for (const signal of signals) {
    process.on(signal, () => {
      firstAt ??= performance.now();
      // One Ctrl+C may arrive twice: from the terminal, and from the npm or nest command in between.
      if (performance.now() - firstAt > 500) {
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
}
