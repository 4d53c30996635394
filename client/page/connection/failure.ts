/** Ports that browsers refuse to connect to ("bad ports" of the Fetch standard). */
const BLOCKED_PORTS = new Set(
  (
    '0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 ' +
    '135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 ' +
    '995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080'
  ).split(' '),
);

/** The time limit for the request of an explanation, in milliseconds. */
const PATIENCE = 5_000;

/** The quoted part of a response body is at most this long. */
const QUOTED_CHARACTERS = 400;

/** The part of a response that is used. */
export interface ProbeResponse {
  readonly status: number;
  readonly type: string;
  text(): Promise<string>;
}

/** The part of `fetch` that is used. */
export type Probe = (
  url: string,
  options: {
    mode: 'cors' | 'no-cors';
    redirect: 'manual' | 'follow';
    credentials: 'omit' | 'same-origin';
    cache: 'no-store';
    signal: AbortSignal;
  },
) => Promise<ProbeResponse>;

/** The origin of the page itself. */
export interface PageAddress {
  readonly protocol: string;
  readonly host: string;
}

/**
 * Describes what the browser refuses without a request to the server; otherwise `undefined`.
 */
function browserRule(address: string, page: PageAddress): string | undefined {
  const url = new URL(address);
  if (page.protocol === 'https:' && url.protocol === 'ws:' && !isLoopback(url.hostname)) {
    return 'This page came over https, so the browser blocks ws:// as mixed content. Use wss://, or open the page over http.';
  }
  if (BLOCKED_PORTS.has(url.port)) {
    return `Browsers block port ${url.port}, because another protocol uses it. Let the server listen on another port.`;
  }
  return undefined;
}

/**
 * Explains why a WebSocket did not open. Browsers hide the response to a handshake from scripts, so an ordinary request
 * is sent to the same address if the browser allows that.
 */
export async function explainFailure(address: string, page: PageAddress, probe: Probe): Promise<string> {
  const rule = browserRule(address, page);
  if (rule !== undefined) {
    return rule;
  }
  const url = new URL(address);
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  // `fetch` rejects a URL with credentials.
  url.username = '';
  url.password = '';
  const isOwn = url.host === page.host && url.protocol === page.protocol;
  const ask = (mode: 'cors' | 'no-cors'): Promise<ProbeResponse> =>
    probe(url.href, {
      mode,
      // Without CORS, the browser requires that redirects are followed.
      redirect: mode === 'cors' ? 'manual' : 'follow',
      credentials: isOwn ? 'same-origin' : 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE),
    });
  try {
    return await explainResponse(await ask('cors'), url);
  } catch (error) {
    if (isTimeout(error)) {
      return silence(url);
    }
  }
  if (!isOwn) {
    // Another origin without CORS: the response is opaque, but there is one.
    try {
      await ask('no-cors');
      return (
        `A web server answers at ${url.host}, but it does not let this page read its response. It refused the WebSocket, ` +
        "has no endpoint at this path, or does not accept this page's origin. The network tab of the developer tools (F12) shows the status."
      );
    } catch (error) {
      if (isTimeout(error)) {
        return silence(url);
      }
    }
  }
  return nobodyThere(url);
}

async function explainResponse(response: ProbeResponse, url: URL): Promise<string> {
  if (response.type === 'opaqueredirect') {
    return 'The server answers with a redirect, and WebSockets do not follow redirects. Enter the target address.';
  }
  const { status } = response;
  const said = quote(await response.text().catch(() => ''));
  switch (true) {
    case status === 404:
      return `The server answers 404: it has no endpoint at ${url.pathname}.${said}`;
    case status === 401 || status === 407:
      return `The server answers ${status}: it requires a login first.${said}`;
    case status === 403:
      return `The server answers 403: it does not allow this, for example because of this page's origin.${said}`;
    case status === 429:
      return `The server answers 429: too many connections or requests from this address. Wait, then try again.${said}`;
    case status === 426:
      return `The server answers 426: an upgrade is expected, so this is a WebSocket endpoint. It refused the handshake because of its version, subprotocol or origin.${said}`;
    case status === 502 || status === 504:
      return `A proxy answers ${status}: the server behind it is not running or does not answer.${said}`;
    case status === 503:
      return `The server answers 503: it is shutting down or full.${said}`;
    case status === 400:
      return (
        'The server is running, and answers a request without an upgrade with 400. Either it refused the handshake ' +
        '(by origin or limit), or a proxy removed the Upgrade header.' +
        said
      );
    case status >= 200 && status < 300:
      return (
        `An ordinary request to this address gets ${status}, so a web server is running. Either it has no WebSocket endpoint at ` +
        `${url.pathname}, or it refused the handshake (by origin or limit), or a proxy removed the Upgrade header.`
      );
    default:
      return `The server answers an ordinary request to this address with ${status}.${said}`;
  }
}

/** The server's explanation: the `message` of a JSON error, or plain text. */
function quote(body: string): string {
  let text = body.trim();
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    text = typeof message === 'string' ? message : text;
  } catch {
    // Not JSON.
  }
  if (text === '' || text.startsWith('<')) {
    return '';
  }
  return ` It says: “${text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text}”`;
}

function nobodyThere(url: URL): string {
  const certificate =
    url.protocol === 'https:'
      ? ` Or its certificate is not trusted: open ${url.origin} in a tab of its own to see what the browser says.`
      : '';
  return `No server answers at ${url.host}: it is not running, its name does not resolve, or a firewall is in between.${certificate}`;
}

function silence(url: URL): string {
  return `${url.host} does not answer within ${PATIENCE / 1_000} s. A firewall may drop the packets, or the server hangs.`;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '[::1]';
}
