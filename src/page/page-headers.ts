/**
 * The response headers of the page and its files. The page has nothing inline and nothing from other origins, so the policy
 * allows only its own files, and Trusted Types forbid that text becomes markup. There is one exception: the page opens
 * WebSockets to any server, and sends a request to the same address over http or https to find out why one failed.
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
  // The names of the files do not change with the version, so a browser may cache them but must revalidate each time.
  'Cache-Control': 'no-cache',
};
