import type { Payload } from '../log/log-entry.js';

/** The formats of the message box. */
export type Format = 'text' | 'json' | 'hex' | 'base64';

/** A message that can be sent, or the fault of the input. */
export type Encoded = { readonly data: Payload } | { readonly problem: string };

const ENCODERS: Readonly<Record<Format, (input: string) => Encoded>> = {
  text: (input) => ({ data: input }),
  json: encodeJson,
  hex: encodeHex,
  base64: encodeBase64,
};

/** The formats by their names. */
export const FORMATS = Object.keys(ENCODERS) as readonly Format[];

/** Parses a message in a format. JSON is checked and sent exactly as typed. */
export function encode(format: Format, input: string): Encoded {
  return ENCODERS[format](input);
}

/**
 * Formats JSON with an indentation of two spaces, or on one line.
 *
 * @returns the text in `data`, or the fault of the JSON
 */
export function layOutJson(input: string, style: 'lines' | 'compact'): { data: string } | { problem: string } {
  try {
    JSON.parse(input);
  } catch (error) {
    return { problem: notJson(error) };
  }
  return { data: rewriteJson(input, style) };
}

function encodeJson(input: string): Encoded {
  try {
    JSON.parse(input);
  } catch (error) {
    return { problem: notJson(error) };
  }
  return { data: input };
}

function notJson(error: unknown): string {
  return `The message is not JSON. ${error instanceof Error ? error.message : String(error)}`;
}

/**
 * Changes only the white space between the tokens of valid JSON: `JSON.parse` and `stringify` would round
 * large numbers and drop repeated keys.
 */
function rewriteJson(input: string, style: 'lines' | 'compact'): string {
  const tokens = input.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let depth = 0;
  let text = '';
  const newLine = (): string => (style === 'lines' ? `\n${'  '.repeat(depth)}` : '');
  for (const [index, token] of tokens.entries()) {
    const isEmpty = /^[[{]$/.test(token) && /^[\]}]$/.test(tokens[index + 1] ?? '');
    const closesEmpty = /^[\]}]$/.test(token) && /^[[{]$/.test(tokens[index - 1] ?? '');
    switch (token) {
      case '{':
      case '[':
        depth += 1;
        text += isEmpty ? token : token + newLine();
        break;
      case '}':
      case ']':
        depth -= 1;
        text += closesEmpty ? token : newLine() + token;
        break;
      case ',':
        text += token + newLine();
        break;
      case ':':
        text += style === 'lines' ? ': ' : ':';
        break;
      default:
        text += token;
    }
  }
  return text;
}

function encodeHex(input: string): Encoded {
  const digits = input.replace(/0x/gi, ' ').replace(/[\s,:;-]+/g, '');
  const wrong = /[^0-9a-f]/i.exec(digits);
  if (wrong) {
    return {
      problem: `"${wrong[0]}" is not a hexadecimal digit. Bytes look like 48 65 6c 6c 6f, 48656c6c6f or 0x48, 0x65.`,
    };
  }
  if (digits.length % 2 !== 0) {
    return { problem: `${digits.length} hexadecimal digits do not make whole bytes: two digits are one byte.` };
  }
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
  }
  return { data: bytes.buffer };
}

function encodeBase64(input: string): Encoded {
  const text = input.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
  const wrong = /[^A-Za-z0-9+/=]/.exec(text) ?? /=+(?=[^=])/.exec(text);
  if (wrong) {
    return {
      problem: `"${wrong[0]}" at this place is not Base64. A-Z, a-z, 0-9, + and / (or - and _) are accepted, and = at the end.`,
    };
  }
  let binary: string;
  try {
    binary = atob(text.replace(/=+$/, ''));
  } catch {
    return { problem: `${text.length} characters do not make whole bytes of Base64: the end is missing.` };
  }
  return { data: Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer };
}
