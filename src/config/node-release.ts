/** The last day of support of each Node.js release that the server runs on, from nodejs.org/about/previous-releases. */
const ENDS_OF_LIFE: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** The Node.js release that is recommended for https. */
export const RECOMMENDED_NODE_RELEASE = 24;

/** The major version of this Node.js: 24 for v24.21.0. */
export const NODE_RELEASE = Number.parseInt(process.versions.node, 10);

/**
 * Whether HTTP/2 is safe: no client can end the process with it. Before Node.js 24, a few dozen connections that send a
 * message in DATA frames of one byte, and are then cut, end the process with SIGSEGV in
 * `Http2StreamListener::OnStreamRead`.
 */
export function hasSafeHttp2(release: number): boolean {
  return release >= RECOMMENDED_NODE_RELEASE;
}

/** A sentence that says why HTTP/2 is off by default on a release; undefined if it is on. */
export function http2OffNotice(release: number): string | undefined {
  return hasSafeHttp2(release)
    ? undefined
    : `HTTP/2 is off, because a client can end a process of Node.js ${release} with it. HTTP2=true turns it on. ` +
        `Node.js ${RECOMMENDED_NODE_RELEASE} has it on by default.`;
}

/** A warning that a Node.js release gets no more security fixes; undefined if it still gets them or is not known. */
export function endOfLifeWarning(release: number, now: Date): string | undefined {
  const end = ENDS_OF_LIFE[release];
  if (end === undefined || now.toISOString() <= `${end}T23:59:59.999Z`) {
    return undefined;
  }
  return (
    `Node.js ${release} is past its end of life (${end}) and gets no security fixes. ` +
    `Serve https with Node.js ${RECOMMENDED_NODE_RELEASE} or newer.`
  );
}
