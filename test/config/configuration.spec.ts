import { optionDescriptions } from '../../src/config/configuration.js';

it('names the environment variable of every option', () => {
  expect(optionDescriptions.map(({ variable }) => variable)).toEqual([
    'URLS',
    'PORT',
    'LOG_LEVEL',
    'LOG_FORMAT',
    'RECEIVE_BUFFER_SIZE',
    'SEND_BUFFER_SIZE',
    'MAX_MESSAGE_SIZE',
    'CLOSE_TIMEOUT',
    'SHUTDOWN_TIMEOUT',
  ]);
});

it('describes every option, with its default where it has one', () => {
  for (const { variable, description } of optionDescriptions) {
    expect(description).toMatch(variable === 'PORT' ? /\w/ : /\w \(default: \S+\)$/);
  }
});
