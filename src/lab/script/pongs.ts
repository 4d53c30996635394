import { OPCODE, type ReceivedFrame } from '../peer/frame.js';
import type { LabPeer } from '../peer/lab-peer.js';
import { LateWrites } from './late-writes.js';
import type { LabScript } from './parameters.js';

/** The default of `pong-delay`, in ms. */
const LATE = 5000;

/** Answers pings as the script says. */
export class Pongs {
  private readonly late: LateWrites;

  constructor(
    private readonly peer: LabPeer,
    private readonly script: LabScript,
  ) {
    this.late = new LateWrites(peer);
  }

  async answer({ payload }: ReceivedFrame): Promise<void> {
    const { peer, script } = this;
    const { pong, 'pong-delay': delay = LATE } = script;
    const answer = (): Promise<void> => peer.frame({ opcode: OPCODE.pong, payload });
    switch (pong) {
      case 'never':
        break;
      case 'late':
        await this.late.add(delay, payload.length, answer);
        break;
      case 'wrong':
        await peer.frame({ opcode: OPCODE.pong, payload: 'wrong' });
        break;
      case 'twice':
        await answer();
        await answer();
        break;
      default:
        await answer();
    }
  }
}
