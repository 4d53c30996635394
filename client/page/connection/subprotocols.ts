/** A token (RFC 9110, section 5.6.2), the only valid form of a subprotocol. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Parses subprotocols separated by commas or spaces. A `problem` quotes the one at fault. */
export function readSubprotocols(text: string): readonly string[] | { readonly problem: string } {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  for (const [index, name] of names.entries()) {
    if (!TOKEN.test(name)) {
      return {
        problem: `The subprotocol "${name}" is not a token. Letters, digits and !#$%&'*+-.^_\`|~ are accepted.`,
      };
    }
    if (names.indexOf(name) !== index) {
      return { problem: `The subprotocol "${name}" is listed twice. Each may be offered once.` };
    }
  }
  return names;
}
