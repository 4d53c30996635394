/** An address without user and password: of a page, which has none, or nothing but host, port and path. */
const WITHOUT_CREDENTIALS = /^(https?:|\w+:\/\/(\[[^\]]*\]|[^:?#]*)(:\d{1,5})?(\/[^:?#]*)?$)/i;

/**
 * The text without what stands before an `@`, as user and password do in a URL: for errors and the log. Of a URL
 * that has more than host, port and path only the scheme is left.
 */
export function withoutCredentials(text: string): string {
  const shown = text.replace(/^(\w+:\/\/)?.*@/s, '$1***@');
  return WITHOUT_CREDENTIALS.test(shown) ? shown : shown.replace(/^(\w+:\/\/).*$/s, '$1***');
}
