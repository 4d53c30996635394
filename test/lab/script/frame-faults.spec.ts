import { constants, inflateRawSync } from 'node:zlib';
import { FrameReader } from '../../../src/lab/peer/frame-reader.js';
import { FRAME_FAULTS, frameFault, type FrameFaultName } from '../../../src/lab/script/frame-faults.js';

/** The bytes of a fault, as hex. */
function bytesOf(name: FrameFaultName): string {
  return Buffer.concat([...frameFault(name).bytes()]).toString('hex');
}

describe('A fault', () => {
  it.each<[FrameFaultName, string]>([
    ['rsv1', 'c10472737631'],
    ['rsv2', 'a10472737632'],
    ['rsv3', '910472737633'],
    ['reserved-opcode', '83086f70636f64652033'],
    ['reserved-control', '8b096f70636f6465203131'],
    ['masked', '8186010203046c63706f6466'],
    ['length-16', '817e000573686f7274'],
    ['length-64', '817f000000000000000573686f7274'],
    ['length-top-bit', '827f8000000000000000'],
    ['length-2gib', '827f0000000080000000'],
    ['ping-fragmented', '0902706980026e67'],
    ['length-huge', '827f0020000000000000'],
    ['continuation', '80136e6f7468696e6720746f20636f6e74696e7565'],
    ['message-in-message', '0105666972737481067365636f6e64'],
    ['ping-126', `897e007e${'78'.repeat(126)}`],
    ['utf8-invalid', '810648656cff6c6f'],
    ['utf8-invalid-last', '01046f6e6520000474776f208001ff'],
    ['utf8-cut', '8102e282'],
    ['utf8-split-invalid', '0102e282800228a1'],
    ['utf8-split', '0101e20001828001ac'],
    ['deflate-not-agreed', 'c107f248cdc9c90700'],
    ['deflate-broken', 'c105ffffffffff'],
    ['stall-payload', '810a68616c662e'],
    ['cut-header', '81'],
    ['close-126', `887e007e03e8${'78'.repeat(124)}`],
    ['close-fragmented', '080203e8'],
    ['close-one-byte', '880103'],
    ['close-utf8', '880303e8ff'],
    ['stall-header', '81'],
    ['cut-payload', '810a68616c662e'],
  ])('%s is these bytes', (name, hex) => {
    expect(bytesOf(name)).toBe(hex);
  });

  it.each(['empty-fragments', 'tiny-fragments'] as const)('%s is one message of 10,000 frames', (name) => {
    const frames = new FrameReader(1024).push(Buffer.from(bytesOf(name), 'hex'));

    expect(frames).toHaveLength(10_000);
    expect(frames.filter(({ fin }) => fin)).toEqual([frames.at(-1)]);
  });

  it('deflate-continuation has RSV1 in the continuation', () => {
    const [first, second] = new FrameReader(1024 ** 2).push(Buffer.from(bytesOf('deflate-continuation'), 'hex'));

    expect([first, second]).toMatchObject([
      { opcode: 2, reserved: 4, fin: false },
      { opcode: 0, reserved: 4, fin: true },
    ]);
  });

  it('deflate-bomb inflates to 256 MiB', () => {
    const [{ payload, ...frame }] = new FrameReader(1024 ** 2).push(Buffer.from(bytesOf('deflate-bomb'), 'hex'));
    expect(frame).toMatchObject({ opcode: 2, reserved: 4, fin: true });
    expect(payload.length).toBeLessThan(300 * 1024);

    // RFC 7692 section 7.2.2
    const inflated = inflateRawSync(Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    expect(inflated).toHaveLength(256 * 1024 ** 2);
  });

  it('states the section of its RFC', () => {
    for (const { rfc } of Object.values(FRAME_FAULTS)) {
      expect(rfc).toMatch(/^RFC \d+ [\d.]+$/);
    }
  });
});
