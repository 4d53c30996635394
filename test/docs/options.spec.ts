import { readFileSync } from 'node:fs';
import { optionDescriptions } from '../../src/config/configuration.js';
import { resolveWebSocketOptions } from '../../libs/websockets/src/nest/module-options.js';

const rows = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'));

describe('docs/options.md', () => {
  it.each(optionDescriptions.map(({ variable }) => variable))('lists the variable %s', (variable) => {
    expect(rows.filter((row) => row.includes(`\`${variable}\``))).toHaveLength(1);
  });

  it.each(Object.keys(resolveWebSocketOptions()))('lists the option %s', (option) => {
    expect(rows.filter((row) => row.startsWith(`| \`${option}\` `))).toHaveLength(1);
  });
});
