import type { WebSocketMessage } from 'nest-raw-websockets';

const PREFIX = 'Server Response to: ';

/** The answer to a message: text for text and bytes for bytes, each exactly as it came behind the prefix. */
export function responseTo({ type, data }: WebSocketMessage): string | Uint8Array {
  return type === 'text' ? PREFIX + data : Buffer.concat([Buffer.from(PREFIX), data]);
}
