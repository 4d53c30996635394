/**
 * The response headers of the page and its files. Nothing in it is inline or from elsewhere, so the policy allows the
 * page its own files only, and no text may be turned into markup (Trusted Types). The one exception is the purpose of the
 * page: it opens WebSockets to any server that is typed in, and asks the same address over http or https why one failed.
 *
 * No Cross-Origin-Opener-Policy: the page opens no windows, and over plain http browsers ignore it with a console error.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self' ws: wss: http: https:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // The files keep their names from version to version: a browser may keep them, but asks each time if they are current.
  'Cache-Control': 'no-cache',
};
