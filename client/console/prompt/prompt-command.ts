import { mistakeInCode, mistakeInReason, type CloseStatus } from '../close-status.js';
import { parseHex } from '../hex.js';
import type { Message } from '../session/echoes.js';

/** What a line says that somebody typed. */
export type PromptCommand =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close'; readonly status?: CloseStatus }
  | { readonly kind: 'headers' }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly text: string };

/** What can be typed, line by line. */
export const PROMPT_HELP = [
  'What you type is sent as a text message, and the arrow keys bring back what you sent. Or:',
  '  /ping                     send a ping, and show how long its pong takes',
  '  /binary <hex>             send a binary message, such as /binary 00 ff 10',
  '  /close [<code> <reason>]  close the connection, with 1000 "Status" if nothing else is given',
  '  /headers                  show the request and the response of the handshake',
  '  /help                     show this',
  '  //text                    send a message that begins with a slash: /text',
  'Ctrl+C and Ctrl+D close the connection with 1000; a second Ctrl+C does not wait for the server.',
];

/** Reads a line that was typed. */
export function parseCommand(line: string): PromptCommand {
  if (!line.startsWith('/')) {
    return text(line);
  }
  if (line.startsWith('//')) {
    return text(line.slice(1));
  }
  const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line.trimEnd()) ?? [];
  switch (name) {
    case 'ping':
    case 'headers':
    case 'help':
      return { kind: name };
    case 'binary':
      return binary(rest);
    case 'close':
      return close(rest);
    default:
      return mistake(`/${name} is no command; /help lists them. //${name} sends it as a message.`);
  }
}

function text(line: string): PromptCommand {
  return { kind: 'send', message: { data: Buffer.from(line), binary: false } };
}

function binary(hex: string): PromptCommand {
  const data = parseHex(hex);
  return data ? { kind: 'send', message: { data, binary: true } } : mistake(`"${hex}" is no hex, such as 00 ff 10.`);
}

function close(rest: string): PromptCommand {
  if (rest === '') {
    return { kind: 'close' };
  }
  const [, digits = '', reason = ''] = /^(\S+)\s*(.*)$/s.exec(rest) ?? [];
  const wrong = mistakeInCode(digits) ?? mistakeInReason(reason);
  return wrong === undefined ? { kind: 'close', status: { code: Number(digits), reason } } : mistake(wrong);
}

function mistake(sentence: string): PromptCommand {
  return { kind: 'mistake', text: sentence };
}
