#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command } from 'commander';

/** Gives a command its options, its help and what it does. */
type Define = (command: Command) => void;

// Each is loaded when it is wanted: the client does not wait for NestJS.
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

// Without help and version of its own it hands these options on, too: `nest-ws-echo --help` is that of the server.
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
