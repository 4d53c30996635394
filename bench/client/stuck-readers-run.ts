import type { StuckReadersLoad } from '../loads.js';
import type { Outcome } from './clients.js';
import { connectOverHttp1 } from './connect-to.js';
import type { Target } from './connection.js';
import { Room } from './room.js';

/** One speaks, most hear it, and some do not read what they are told. */
export class StuckReadersRun {
  private readonly room: Room;

  constructor(
    private readonly load: StuckReadersLoad,
    target: Target,
  ) {
    this.room = new Room(connectOverHttp1(target), load.message.size, load.inFlight);
  }

  async start(): Promise<void> {
    await this.room.join(this.load.connections);
    this.room.makeStuck(this.load.stuck);
  }

  /** Resolves when all who read have heard all. */
  async speak(): Promise<void> {
    this.room.speak(this.load.messages);
    await this.room.allHeard();
  }

  finish(): Outcome {
    return this.room.outcome();
  }
}
