/*
 * The page of Swagger UI. The page of @nestjs/swagger has inline styles, which a strict policy forbids, and it can send
 * requests, which does not work for WebSocket handshakes.
 */

/** The page itself. */
export const SWAGGER_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>nest-ws-echo: OpenAPI</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/swagger/swagger-ui.css" />
    <script src="/swagger/swagger-ui-bundle.js" defer></script>
    <script src="/swagger/start.js" defer></script>
  </head>
  <body>
    <main id="swagger-ui"></main>
  </body>
</html>
`;

/** The script that starts it. */
export const SWAGGER_START = `SwaggerUIBundle({
  dom_id: '#swagger-ui',
  url: '/swagger-json',
  deepLinking: true,
  supportedSubmitMethods: [],
  validatorUrl: null,
});
`;

/**
 * The headers of the page, its files and the document. Trusted Types are not required, unlike at the Communication Log,
 * because Swagger UI turns Markdown into markup. Its style sheet has icons as data: URLs.
 */
export const SWAGGER_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
};
