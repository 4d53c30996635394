import { Injectable } from '@nestjs/common';

/** What the chat has done since the start. Plain numbers: a delivery costs one addition, and metrics read them. */
@Injectable()
export class ChatCounters {
  /** Messages handed to a socket, counted once for each socket. */
  delivered = 0;
  /** Messages that a socket did not get because its queue was full. */
  dropped = 0;
  /** Sockets that were closed because their queue was full. */
  closedAsSlow = 0;
}
