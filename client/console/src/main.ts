#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { defineClient } from './command.js';

const { version } = createRequire(import.meta.url)('nest-ws-echo-client/package.json') as { version: string };

const command = new Command('nest-ws-echo-client')
  .description('A console client for WebSockets: interactive, in a pipe, or for measurements.')
  .version(version);
defineClient(command);
await command.parseAsync();
