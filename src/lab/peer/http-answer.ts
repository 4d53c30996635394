import { STATUS_CODES } from 'node:http';

/** Headers of an answer, in order. A name may come twice. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** Headers that keep a browser from running the body of a response, which a query may set. */
export const HARMLESS: HeaderLines = [
  ['Content-Type', 'text/plain; charset=utf-8'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "default-src 'none'; sandbox"],
];

/** The head of an HTTP/1.1 response. No value is checked: a line break in one is sent. */
export function encodeHead(status: number, headers: HeaderLines): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines}\r\n`, 'latin1');
}

/** An HTTP/1.1 response after which the connection ends. One with a 1xx status is a head alone (RFC 9110 section 15.2). */
export function encodeRefusal(status: number, headers: HeaderLines, body: string | Uint8Array): Buffer {
  if (status < 200) {
    return encodeHead(status, headers);
  }
  const framing = [
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Connection', 'close'],
  ] as const;
  return Buffer.concat([encodeHead(status, [...headers, ...framing]), Buffer.from(body)]);
}

/** Headers as `respond()` of `node:http2` takes them. */
export function headersObject(headers: HeaderLines): Record<string, string | string[]> {
  const names = [...new Set(headers.map(([name]) => name.toLowerCase()))];
  return Object.fromEntries(
    names.map((name) => {
      const values = headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
