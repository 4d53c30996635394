import { createHash } from 'node:crypto';
import { encodeHeader, OPCODE } from '../peer/frame.js';
import type { LabPeer } from '../peer/lab-peer.js';
import { tellable } from '../peer/lab-request.js';
import { agreedHeaders } from './answer-handshake.js';
import { frameFault } from './frame-faults.js';
import type { LabScript } from './parameters.js';
import { frameOfPattern } from './pattern.js';

/**
 * Sends the first part of a script, which does not wait for the client: `tell`, each `frame`, each `fault`, then the `count`
 * messages.
 *
 * @param connections the number of connections of the lab, for `tell`
 * @param isClosing whether a close frame was sent, after which no message follows
 * @returns whether anything can be sent afterwards: not after a fault that stalls or ends the connection
 */
export async function sendPrologue(
  peer: LabPeer,
  script: LabScript,
  connections: number,
  isClosing: () => boolean,
): Promise<boolean> {
  const { tell, frame = [], fault = [], pace = 0, 'write-rate': rate } = script;
  if (tell !== undefined) {
    await peer.send(JSON.stringify(tell === 'request' ? requestToTell(peer, script) : { connections }));
  }
  for (const bytes of frame) {
    await peer.wait(pace);
    await peer.writer.write([bytes], rate);
  }
  for (const name of fault) {
    const { bytes, afterwards } = frameFault(name);
    await peer.wait(pace);
    await peer.writer.write(bytes(), rate);
    if (afterwards === 'stall') {
      peer.writer.stop();
      return false;
    }
    if (afterwards === 'end') {
      peer.end();
      return false;
    }
  }
  await sendMessages(peer, script, isClosing);
  return true;
}

function requestToTell(peer: LabPeer, script: LabScript): object {
  const agreed = Object.fromEntries(agreedHeaders(peer.request, script));
  return {
    ...tellable(peer.request),
    negotiated: {
      subprotocol: agreed['Sec-WebSocket-Protocol'],
      extensions: agreed['Sec-WebSocket-Extensions'],
    },
  };
}

async function sendMessages(peer: LabPeer, script: LabScript, isClosing: () => boolean): Promise<void> {
  const { count = 0, size = 32, every = 0, type = 'text', fragment = Infinity, digest, 'write-rate': rate } = script;
  const hash = createHash('sha256');
  for (let i = 0; i < count && !isClosing(); i++) {
    await peer.wait(i === 0 ? 0 : every);
    let at = 0;
    do {
      const length = Math.min(fragment, size - at);
      const opcode = at === 0 ? OPCODE[type] : OPCODE.continuation;
      const header = encodeHeader({ opcode, fin: at + length === size, length });
      const chunks = frameOfPattern(header, at, length);
      // Hashed chunk by chunk as it is written: a hash over 1 GiB at once would hold up the process for seconds.
      await peer.writer.write(digest ? hashing(hash, chunks, header.length) : chunks, rate);
      at += length;
    } while (at < size);
  }
  if (digest && !isClosing()) {
    await peer.send(JSON.stringify({ sha256: hash.digest('hex'), messages: count, bytes: count * size }));
  }
}

/** Hashes chunks as they are taken, without the header that the first one starts with. */
function* hashing(
  hash: ReturnType<typeof createHash>,
  chunks: Iterable<Buffer>,
  headerLength: number,
): Iterable<Buffer> {
  let skipped = headerLength;
  for (const chunk of chunks) {
    hash.update(chunk.subarray(skipped));
    skipped = 0;
    yield chunk;
  }
}
