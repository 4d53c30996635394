import { mistakeInCode, mistakeInReason, type CloseStatus } from '../close-status.js';
import { parseHex, type Message } from '../message.js';

/** The meaning of a line at the prompt. */
export type PromptCommand =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'file'; readonly path: string; readonly binary: boolean }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close'; readonly status?: CloseStatus }
  | { readonly kind: 'headers' }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly text: string };

/** The help of the prompt, line by line. */
export const PROMPT_HELP = [
  'A line is sent as a text message. A pasted text is one message, with its line',
  'breaks. The arrow keys recall earlier lines. Commands:',
  '  /ping                     send a ping and show its round-trip time',
  '  /binary <hex>             send a binary message, such as /binary 00 ff 10',
  '  /binary @<file>           send the bytes of a file as a binary message',
  '  /text @<file>             send a file as a text message',
  '  /close [<code> <reason>]  close; the default is 1000 "Status"',
  '  /headers                  show the request and the response of the handshake',
  '  /help                     show this',
  '  //text                    send a message that begins with a slash: /text',
  'Ctrl+C and Ctrl+D close the connection. A second Ctrl+C ends the client at once.',
];

/** Parses a line at the prompt. */
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
      return rest.startsWith('@') ? file(rest, true) : binary(rest);
    case 'text':
      return rest.startsWith('@') ? file(rest, false) : mistake('/text needs a file: /text @<file>.');
    case 'close':
      return close(rest);
    default:
      return mistake(`/${name} is not a command; /help lists them. //${name} sends it as a message.`);
  }
}

function text(line: string): PromptCommand {
  return { kind: 'send', message: { data: Buffer.from(line), binary: false } };
}

function binary(hex: string): PromptCommand {
  const data = parseHex(hex);
  return data
    ? { kind: 'send', message: { data, binary: true } }
    : mistake(`"${hex}" is not hexadecimal, such as 00 ff 10.`);
}

function file(rest: string, isBinary: boolean): PromptCommand {
  const path = rest.slice(1);
  return path === '' ? mistake('The name of a file is missing after the @.') : { kind: 'file', path, binary: isBinary };
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
