/**
 * A path as gateways compare it, so that `/ws` matches as a route of ASP.NET Core does: without query, in any case, with
 * or without a slash at its end.
 *
 * @param url a request's target, as `/ws?x=1`, or a gateway's path, as `ws`
 */
export function gatewayPath(url: string): string {
  const path = url
    .replace(/^(?:http|ws)s?:\/\/[^/?#]*/i, '') // the absolute form of a target (RFC 9112 section 3.2.2)
    .replace(/[?#].*$/s, '')
    .replace(/^\//, '')
    .replace(/\/$/, '');
  return `/${decoded(path).toLowerCase()}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // no gateway has such a path; the HTTP pipeline answers it
  }
}
