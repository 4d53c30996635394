/** Bytes are converted in blocks, because the number of arguments of a function call is limited. */
const BLOCK = 0x6000;

/** Bytes in Base64. */
export function toBase64(data: ArrayBuffer): string {
  const parts: string[] = [];
  for (let offset = 0; offset < data.byteLength; offset += BLOCK) {
    const bytes = new Uint8Array(data, offset, Math.min(BLOCK, data.byteLength - offset));
    // The block is a multiple of three bytes, so only the last one has padding.
    parts.push(btoa(String.fromCharCode(...bytes)));
  }
  return parts.join('');
}

/** The bytes of Base64, or `undefined` if the text is not Base64. */
export function fromBase64(text: string): ArrayBuffer | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
  } catch {
    return undefined;
  }
}
