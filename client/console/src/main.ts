#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { defineClient } from './command.js';

const { version } = createRequire(import.meta.url)('nest-ws-echo-client/package.json') as { version: string };

const command = new Command('nest-ws-echo-client')
  .description('Talks to a WebSocket server, by hand, in a pipe, or to measure it.')
  .version(version);
defineClient(command);
await command.parseAsync();
