import type { Load } from '../loads.js';
import { answerCalls } from '../remote-calls.js';
import type { Target } from './connection.js';
import { BroadcastRun } from './broadcast-run.js';
import { EchoRun } from './echo-run.js';
import { HandshakeRun } from './handshake-run.js';
import { IdleRun } from './idle-run.js';
import { LargeMessageRun } from './large-message-run.js';
import { SlowReaderRun } from './slow-reader-run.js';
import { StuckReadersRun } from './stuck-readers-run.js';

/* The load generator: one process per run, told what to do in its one argument. */

/** What the argument says, as JSON. */
export interface LoadAssignment {
  readonly load: Load;
  readonly target: Target;
}

const { load, target } = JSON.parse(process.argv[2]) as LoadAssignment;

answerCalls(createRun());

function createRun(): object {
  switch (load.kind) {
    case 'echo':
      return new EchoRun(load, target);
    case 'large-message':
      return new LargeMessageRun(load, target);
    case 'handshakes':
      return new HandshakeRun(load, target);
    case 'idle':
      return new IdleRun(load, target);
    case 'slow-reader':
      return new SlowReaderRun(load, target);
    case 'broadcast':
      return new BroadcastRun(load, target);
    default:
      return new StuckReadersRun(load, target);
  }
}
