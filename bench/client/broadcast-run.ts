import type { BroadcastLoad } from '../loads.js';
import { usage } from '../usage.js';
import type { Outcome } from './clients.js';
import { connectOverHttp1 } from './connect-to.js';
import type { Target } from './connection.js';
import type { Progress } from './echo-run.js';
import { Room } from './room.js';

/** One speaks as fast as all hear it. A message counts once for every member that hears it. */
export class BroadcastRun {
  private readonly room: Room;

  constructor(
    private readonly load: BroadcastLoad,
    target: Target,
  ) {
    this.room = new Room(connectOverHttp1(target), load.message.size, load.inFlight);
  }

  async start(): Promise<void> {
    await this.room.join(this.load.connections);
    this.room.speak(Infinity);
  }

  progress(): Progress {
    return { ...usage(), messages: this.room.deliveries, latency: this.room.takeLatency() };
  }

  async finish(): Promise<Outcome> {
    this.room.hush();
    await this.room.allHeard();
    return this.room.outcome();
  }
}
