import { redacted } from '../connection/address.js';
import {
  statusLine,
  type Handshake,
  type Header,
  type RequestHead,
  type ResponseHead,
} from '../connection/handshake.js';

/** Headers whose values are credentials and must not appear in a log. */
const SECRETS = ['authorization', 'proxy-authorization', 'cookie'];

/** The request and the response of a handshake, in the format of curl. */
export function handshakeLines({ request, response }: Handshake): string[] {
  return [...requestLines(request), ...responseLines(response)];
}

/** The lines of a request, without its secrets. */
export function requestLines({ line, headers }: RequestHead): string[] {
  return [`> ${line}`, ...headers.map((header) => `> ${headerLine(withoutSecret(header))}`), '>'];
}

/** The lines of a response, without its secrets. */
export function responseLines(response: ResponseHead): string[] {
  return [
    `< ${statusLine(response)}`,
    ...response.headers.map((header) => `< ${headerLine(withoutSecret(header))}`),
    '<',
  ];
}

/** A header with its secrets replaced. */
export function withoutSecret([name, value]: Header): Header {
  if (SECRETS.includes(name.toLowerCase())) {
    return [name, `(${value.length} characters, not shown)`];
  }
  return [name, name.toLowerCase() === 'location' ? redacted(value) : value];
}

function headerLine([name, value]: Header): string {
  return `${name}: ${value}`;
}
