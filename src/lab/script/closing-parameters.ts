import { duration, either, flag, identifier, matching, wholeNumber, words } from './grammars.js';
import { one, type LabParameter } from './lab-parameter.js';

const code = wholeNumber(0, 65_535);

/** The parameters of the end of the connection. */
export const CLOSING_PARAMETERS = {
  close: one(either(words('empty'), code), {
    group: 'closing',
    description:
      'sends a close frame with this code, legal or not, or with an empty payload: after everything above, unless after ' +
      'or after-messages is there',
    example: '4123',
    rfc: 'RFC 6455 7.4',
  }),
  reason: one(matching(/^[^]{0,1000}$/, 'text of at most 1000 characters; 123 bytes are legal'), {
    group: 'closing',
    description: 'the reason in the close frame, legal or not',
    example: 'bye',
    rfc: 'RFC 6455 5.5.1',
    needs: ['close'],
    excludes: ['close=empty'],
  }),
  after: one(duration, {
    group: 'closing',
    description: 'sends the close frame this long after the handshake',
    example: '1s',
    needs: ['close'],
  }),
  'after-messages': one(wholeNumber(1, 1_000_000), {
    group: 'closing',
    description: 'sends the close frame after this number of messages of the client, or after the time of after',
    example: '2',
    needs: ['close'],
    excludes: ['read=0'],
  }),
  'messages-after-close': one(wholeNumber(1, 1000), {
    group: 'closing',
    description: 'sends this number of messages after the close frame',
    example: '1',
    rfc: 'RFC 6455 5.5.1',
    needs: ['close'],
  }),
  'coalesce-close': one(flag, {
    group: 'closing',
    description: 'these messages are in the packet of the close frame',
    example: 'true',
    rfc: 'RFC 6455 5.5.1',
    neutral: false,
    needs: ['messages-after-close'],
    excludes: ['write-rate'],
  }),
  'close-reply': one(either(words('never', 'late'), code), {
    group: 'closing',
    description:
      'does not answer a close frame of the client, or answers it after close-reply-delay, or with this code',
    example: 'never',
    rfc: 'RFC 6455 5.5.1',
    excludes: ['read=0'],
  }),
  'close-reply-delay': one(duration, {
    group: 'closing',
    description: 'how late the answer is (default: 5s)',
    example: '5s',
    needs: ['close-reply=late'],
  }),
  'keep-open': one(flag, {
    group: 'closing',
    description: 'the TCP connection stays open after the close handshake',
    example: 'true',
    rfc: 'RFC 6455 7.1.1',
    neutral: false,
  }),
  end: one(duration, {
    group: 'closing',
    description:
      'ends its half of the connection this long after the handshake, without a close frame: FIN, END_STREAM',
    example: '1s',
    rfc: 'RFC 6455 7.1.5',
  }),
  abort: one(duration, {
    group: 'closing',
    description: 'resets the connection this long after the handshake: RST, RST_STREAM',
    example: '1s',
    rfc: 'RFC 6455 7.1.5',
  }),
  id: one(identifier, {
    group: 'closing',
    description: 'GET /lab/closes/<id> tells how the client closed, once it has',
    example: 'my-test',
  }),
} as const satisfies Record<string, LabParameter>;
