/** What a frame is (RFC 6455 section 5.2). From 8 on it is a control frame. */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** The bit of a frame's first byte that says that it is the last of its message. */
export const FIN = 0x80;

/** The three bits of a frame's first byte that belong to extensions. */
export const RESERVED_BITS = 0x70;

/** The one of them that marks the first frame of a compressed message (RFC 7692 section 6). */
export const RSV1 = 0x40;
