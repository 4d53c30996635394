import { constants } from 'node:os';
import { Logger } from '@nestjs/common';
import type { Command } from 'commander';
import { optionDescriptions } from './config/configuration.js';
import { endOfLifeWarning, NODE_RELEASE } from './config/node-release.js';
import { ConfigurationError, readConfiguration, type CommandLineOptions } from './config/read-configuration.js';
import { listen, ListenError } from './listening/listen.js';
import { tuneForLargeMessages } from 'nest-raw-websockets';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Adds the options, the help and the action to the command that starts the server. */
export function defineServe(command: Command): void {
  command
    .option('--urls <urls>', 'addresses to listen on, separated by ";", such as http://localhost:5000')
    .option('--lab-on-loopback', 'offer /lab where only this machine can reach it, unless LAB says otherwise')
    .addHelpText('after', () => {
      const width = Math.max(...optionDescriptions.map(({ variable }) => variable.length));
      const lines = optionDescriptions.map(({ variable, description }) => `  ${variable.padEnd(width)} ${description}`);
      return ['', 'Environment variables:', ...lines].join('\n');
    })
    .action(serve);
}

async function serve(options: CommandLineOptions): Promise<void> {
  try {
    const configuration = readConfiguration(process.env, options);
    tuneForLargeMessages();
    // Loaded only after the configuration has been checked, so that the help and errors appear at once.
    const { createApp } = await import('./create-app.js');
    const app = await createApp(configuration);
    app.enableShutdownHooks([...signals], { useProcessExit: true });
    endOnSecondSignal();
    const logger = new Logger('Main');
    const warning = endOfLifeWarning(NODE_RELEASE, new Date());
    if (warning !== undefined) {
      logger.warn(warning);
    }
    for (const url of await listen(app, configuration.listenOn)) {
      logger.log(`Now listening on: ${url}`);
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof ListenError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
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
