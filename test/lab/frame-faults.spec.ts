import { encodeFrame, FrameReader } from '../../src/lab/frame.js';
import { FRAME_FAULTS, frameFault, type FrameFaultName } from '../../src/lab/frame-faults.js';

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
    ['utf8-split', '0101e20001828001ac'],
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

  it('says which section of an RFC it is about', () => {
    for (const { rfc } of Object.values(FRAME_FAULTS)) {
      expect(rfc).toMatch(/^RFC \d+ [\d.]+$/);
    }
  });
});

describe('The frame reader', () => {
  it.each([0, 125, 126, 65_535, 65_536])('reads a masked frame of %i bytes that comes byte by byte', (length) => {
    const payload = Buffer.alloc(length, 'abc');
    const bytes = encodeFrame({ opcode: 2, payload, mask: Buffer.from('01020304', 'hex') });
    const reader = new FrameReader(100_000);

    const head = [...bytes.subarray(0, 20)].flatMap((byte) => reader.push(Buffer.of(byte)));
    const frames = [...head, ...reader.push(bytes.subarray(20))];

    expect(frames).toEqual([{ opcode: 2, fin: true, reserved: 0, masked: true, payload }]);
  });
});
