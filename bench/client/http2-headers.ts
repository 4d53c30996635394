import { check } from './frame-reader.js';

/** `:status: 200` in HPACK's table (RFC 7541, appendix A), and what a change of that table's size begins with. */
const STATUS_OK = 0x88;
const TABLE_SIZE = 0x20;

/** An extended CONNECT (RFC 8441, 4) as fields that are in no table (RFC 7541, 6.2.2), of less than 127 bytes each. */
export function connectHeaders(authority: string, path: string): Buffer {
  const fields = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':authority': authority,
    ':path': path,
    'sec-websocket-version': '13',
  };
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

/** @throws EchoError where the headers of the response do not accept the request */
export function checkConnectResponse(headers: Buffer): void {
  const [field] = headers.filter((byte) => (byte & 0xe0) !== TABLE_SIZE);
  check(field === STATUS_OK, 'another status than 200 instead of a handshake');
}
