/** The text without what stands before an `@`, as user and password do in a URL: for errors and the log. */
export function withoutCredentials(text: string): string {
  return text.replace(/^(\w+:\/\/)?.*@/s, '$1***@');
}
