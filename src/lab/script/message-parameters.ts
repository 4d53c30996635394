import { duration, flag, identifier, rate, size, wholeNumber, words } from './grammars.js';
import { one, type LabParameter } from './lab-parameter.js';

const everyNth = wholeNumber(1, 1_000_000);

/** The parameters of messages, echoes, pings and pongs. */
export const MESSAGE_PARAMETERS = {
  count: one(wholeNumber(1, 1_000_000), {
    group: 'messages',
    description: 'sends this number of messages',
    example: '5',
  }),
  size: one(size(0, 1024 ** 3, '1GiB'), {
    group: 'messages',
    description: 'the size of each (default: 32). Its text repeats the 64 characters of Base64',
    example: '1KiB',
    needs: ['count'],
  }),
  every: one(duration, {
    group: 'messages',
    description: 'waits this long between two of them (default: 0)',
    example: '100ms',
    needs: ['count'],
  }),
  type: one(words('text', 'binary'), {
    group: 'messages',
    description: 'their type (default: text)',
    example: 'binary',
    rfc: 'RFC 6455 5.6',
    needs: ['count'],
  }),
  fragment: one(size(1, 1024 ** 3, '1GiB'), {
    group: 'messages',
    description: 'sends them in fragments of this size (default: one fragment)',
    example: '64',
    rfc: 'RFC 6455 5.4',
    needs: ['count'],
  }),
  digest: one(flag, {
    group: 'messages',
    description: 'sends a message after them: JSON with their SHA-256, number and bytes',
    example: 'true',
    neutral: false,
    needs: ['count'],
  }),
  'write-rate': one(rate, {
    group: 'messages',
    description: 'sends frames, faults, messages and echoes at this rate, in bytes a second',
    example: '1KiB',
  }),
  read: one(size(0, 1024 ** 3, '1GiB'), {
    group: 'messages',
    description: 'reads at this rate, in bytes a second; 0 reads nothing',
    example: '0',
  }),
  echo: one(flag, {
    group: 'messages',
    description: 'whether messages are sent back (default: true)',
    example: 'false',
    neutral: true,
  }),
  'echo-delay': one(duration, {
    group: 'messages',
    description: 'sends each echo this long after its message',
    example: '1s',
    excludes: ['echo=false', 'read=0'],
  }),
  'drop-every': one(everyNth, {
    group: 'messages',
    description: 'every n-th message is not sent back',
    example: '3',
    excludes: ['echo=false', 'read=0'],
  }),
  'double-every': one(everyNth, {
    group: 'messages',
    description: 'every n-th message is sent back twice',
    example: '3',
    excludes: ['echo=false', 'read=0'],
  }),
  'reorder-every': one(wholeNumber(2, 1_000_000), {
    group: 'messages',
    description: 'every n-th message is sent back after the next one',
    example: '3',
    excludes: ['echo=false', 'read=0'],
  }),
  channel: one(identifier, {
    group: 'messages',
    description: 'sends each message to all connections of the same channel',
    example: 'room',
    excludes: ['echo', 'echo-delay', 'drop-every', 'double-every', 'reorder-every', 'read=0'],
  }),
  commands: one(flag, {
    group: 'messages',
    description:
      "obeys the commands of .NET's test server: .close, .shutdown, .abort, .delay5sec, .receiveMessageAfterClose, " +
      '.closeafter, .shutdownafter, .shutdownAfterTwoMessages',
    example: 'true',
    neutral: false,
    excludes: ['read=0'],
  }),
  'ping-every': one(duration, {
    group: 'messages',
    description: 'sends a ping at this interval',
    example: '1s',
    rfc: 'RFC 6455 5.5.2',
  }),
  'ping-size': one(wholeNumber(0, 125), {
    group: 'messages',
    description: 'the payload of each ping, in bytes (default: 0)',
    example: '125',
    rfc: 'RFC 6455 5.5',
    needs: ['ping-every'],
  }),
  pong: one(words('never', 'late', 'wrong', 'twice'), {
    group: 'messages',
    description: 'does not answer pings, or answers them after pong-delay, with another payload, or twice',
    example: 'never',
    rfc: 'RFC 6455 5.5.3',
    excludes: ['read=0'],
  }),
  'pong-delay': one(duration, {
    group: 'messages',
    description: 'how late a pong is (default: 5s)',
    example: '5s',
    needs: ['pong=late'],
  }),
  'pong-every': one(duration, {
    group: 'messages',
    description: 'sends an unsolicited pong at this interval, also between the fragments of a message',
    example: '1s',
    rfc: 'RFC 6455 5.5.3',
  }),
} as const satisfies Record<string, LabParameter>;
