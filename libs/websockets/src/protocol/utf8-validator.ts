import { isUtf8 } from 'node:buffer';

/** From this many bytes on, `isUtf8` with the view that it needs is quicker than the loop below. */
const NATIVE_FROM = 48;

/**
 * Tells whether bytes that arrive in pieces are UTF-8, and says no at the first byte that makes it impossible, also
 * where a character is split over pieces (RFC 6455 section 8.1; the table of well-formed sequences is in RFC 3629
 * section 4).
 */
export class Utf8Validator {
  /** How many continuation bytes the character still lacks; 0 between characters. */
  private missing = 0;
  /** The bounds of the next continuation byte. They rule out overlong forms, surrogates and what is above U+10FFFF. */
  private lowest = 0x80;
  private highest = 0xbf;

  /** Whether the bytes so far end with a whole character. */
  get isComplete(): boolean {
    return this.missing === 0;
  }

  /** Takes `bytes[start..end]` as the next piece. False as soon as no continuation could make it UTF-8. */
  accepts(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < NATIVE_FROM) {
      return this.acceptsBytewise(bytes, start, end);
    }
    // The ends of the piece may cut characters: those bytes go through the loop, what is between is checked natively.
    const wholeFrom = start + this.missing;
    const wholeTo = startOfCutCharacter(bytes, wholeFrom, end);
    return (
      this.acceptsBytewise(bytes, start, wholeFrom) &&
      isUtf8(bytes.subarray(wholeFrom, wholeTo)) &&
      this.acceptsBytewise(bytes, wholeTo, end)
    );
  }

  private acceptsBytewise(bytes: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (this.missing > 0) {
        if (byte < this.lowest || byte > this.highest) {
          return false;
        }
        this.lowest = 0x80;
        this.highest = 0xbf;
        this.missing--;
      } else if (byte >= 0x80) {
        if (byte < 0xc2 || byte > 0xf4) {
          return false;
        }
        if (byte < 0xe0) {
          this.missing = 1;
        } else if (byte < 0xf0) {
          this.missing = 2;
          this.lowest = byte === 0xe0 ? 0xa0 : 0x80;
          this.highest = byte === 0xed ? 0x9f : 0xbf;
        } else {
          this.missing = 3;
          this.lowest = byte === 0xf0 ? 0x90 : 0x80;
          this.highest = byte === 0xf4 ? 0x8f : 0xbf;
        }
      }
    }
    return true;
  }
}

/** Where the character starts that the end of the piece cuts in two; `end` when it cuts none. */
function startOfCutCharacter(bytes: Buffer, start: number, end: number): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = bytes[at];
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return at + length > end ? at : end;
    }
    if (byte < 0x80) {
      return end;
    }
  }
  return end;
}
