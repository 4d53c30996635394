#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command } from 'commander';

/** Adds the options, the help and the action to a command. */
type Define = (command: Command) => void;

// Loaded on demand, so that the client does not wait for NestJS.
const definitions: Record<string, () => Promise<Define>> = {
  serve: async () => (await import('./serve.js')).defineServe,
  client: async () => (await import('nest-ws-echo-client')).defineClient,
};

// By the package's name, because this file runs from a folder of the build.
const { version } = createRequire(import.meta.url)('nest-ws-echo/package.json') as { version: string };

const serve = new Command('serve')
  .description('A WebSocket echo server: every message that arrives at /ws is sent back as it arrives.')
  .usage('[options]\n       nest-ws-echo client <url> [options]   (nest-ws-echo client --help says more)')
  // An address alone, or an option of the client, is an error of this command. The address may hold a password.
  .showHelpAfterError('To connect to a server: nest-ws-echo client <url> [options]');

const client = new Command('client').description(
  'A console client for WebSockets: interactive, in a pipe, or for measurements.',
);

// This command has no help and no version of its own, so `nest-ws-echo --help` reaches the command of the server.
await new Command('nest-ws-echo')
  .helpOption(false)
  .helpCommand(false)
  .enablePositionalOptions()
  .addCommand(serve, { isDefault: true })
  .addCommand(client)
  .hook('preSubcommand', async (_, command) => {
    command.version(version);
    const define = await definitions[command.name()]();
    define(command);
  })
  .parseAsync();
