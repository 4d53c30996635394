/** A token of RFC 9110, section 5.6.2: the only form that a subprotocol may have. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Reads subprotocols that are separated by commas or spaces. A `problem` quotes the one at fault. */
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
