import { redacted } from '../connection/address.js';
import {
  statusLine,
  type Handshake,
  type Header,
  type RequestHead,
  type ResponseHead,
} from '../connection/handshake.js';

/** Headers whose values are credentials, which are not to be found in a log. */
const SECRETS = ['authorization', 'proxy-authorization', 'cookie'];

/** Both heads of a handshake, line by line, as curl shows them. */
export function handshakeLines({ request, response }: Handshake): string[] {
  return [...requestLines(request), ...responseLines(response)];
}

/** The head of a request, line by line; without its secrets. */
export function requestLines({ line, headers }: RequestHead): string[] {
  return [`> ${line}`, ...headers.map((header) => `> ${headerLine(withoutSecret(header))}`), '>'];
}

/** The head of a response, line by line. */
export function responseLines(response: ResponseHead): string[] {
  return [
    `< ${statusLine(response)}`,
    ...response.headers.map((header) => `< ${headerLine(withoutSecret(header))}`),
    '<',
  ];
}

/** A header without the secret that it may hold. */
export function withoutSecret([name, value]: Header): Header {
  if (SECRETS.includes(name.toLowerCase())) {
    return [name, `(${value.length} characters that are not shown)`];
  }
  return [name, name.toLowerCase() === 'location' ? redacted(value) : value];
}

function headerLine([name, value]: Header): string {
  return `${name}: ${value}`;
}
