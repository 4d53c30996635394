/** A reference to earlier bytes (RFC 1951 section 3.2.5). */
export interface Reference {
  /** 3 to 10, or 258: the lengths without extra bits. */
  readonly length: number;
  /** The distance, 1 to 32768. */
  readonly distance: number;
}

const END_OF_BLOCK = 256;

/** Encodes deflated data block by block, valid or invalid, in ways that zlib never does (RFC 1951 section 3.2). */
export class DeflateBlocks {
  private readonly bytes: number[] = [];
  /** The number of used bits in the last byte; 0 when it is full. */
  private used = 0;

  /** Plain bits, the lowest first. */
  bits(value: number, count: number): this {
    for (let i = 0; i < count; i++) {
      if (this.used === 0) {
        this.bytes.push(0);
      }
      this.bytes[this.bytes.length - 1] |= ((value >> i) & 1) << this.used;
      this.used = (this.used + 1) & 7;
    }
    return this;
  }

  /** Pads with zeros to the end of the byte. */
  pad(): this {
    this.used = 0;
    return this;
  }

  /** The header of a block: 0 is stored, 1 fixed, 2 dynamic, 3 reserved. */
  head(type: 0 | 1 | 2 | 3, isFinal = false): this {
    return this.bits(isFinal ? 1 : 0, 1).bits(type, 2);
  }

  /** A block without compression. */
  stored(content: string | Uint8Array, isFinal = false): this {
    const payload = Buffer.from(content as string);
    this.head(0, isFinal).pad();
    this.bits(payload.length, 16).bits(~payload.length, 16);
    this.bytes.push(...payload);
    return this;
  }

  /** A block with the fixed Huffman codes. */
  fixed(content: readonly (string | Reference)[], isFinal = false): this {
    this.head(1, isFinal);
    for (const part of content) {
      if (typeof part === 'string') {
        Buffer.from(part).forEach((byte) => this.symbol(byte));
      } else {
        this.symbol(part.length === 258 ? 285 : part.length + 254).distance(part.distance);
      }
    }
    this.symbol(END_OF_BLOCK);
    return isFinal ? this.pad() : this;
  }

  /** The fixed code of a literal byte, the end of a block, or a length. */
  symbol(symbol: number): this {
    if (symbol < 144) {
      return this.code(0x30 + symbol, 8);
    }
    if (symbol < 256) {
      return this.code(0x190 + symbol - 144, 9);
    }
    return symbol < 280 ? this.code(symbol - 256, 7) : this.code(0xc0 + symbol - 280, 8);
  }

  /** The fixed code of a distance. */
  distance(distance: number): this {
    let code = 0;
    let extraBits = 0;
    let first = 1;
    while (distance >= first + (1 << extraBits)) {
      first += 1 << extraBits;
      code++;
      extraBits = Math.max(0, (code >> 1) - 1);
    }
    return this.code(code, 5).bits(distance - first, extraBits);
  }

  /** A Huffman code, its highest bit first. */
  code(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) {
      this.bits(value >> i, 1);
    }
    return this;
  }

  /** The bytes without the final empty block. */
  toBuffer(): Buffer {
    return Buffer.from(this.bytes);
  }

  /** The payload of a message, which ends with the header of an empty block (RFC 7692 section 7.2.1). */
  toPayload(): Buffer {
    return this.head(0).pad().toBuffer();
  }
}
