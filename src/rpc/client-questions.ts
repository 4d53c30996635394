import { Injectable } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import type { WsCompatibleClient } from 'nest-raw-websockets';

/** Settles a question, with the answer or with an error. */
interface Pending {
  readonly resolve: (answer: string) => void;
  readonly reject: (error: WsException) => void;
}

/** How many unanswered questions a client may have, because each takes memory. */
const MAX_PENDING = 16;

const GONE = 'The client has disconnected.';

/** The questions of the server to its clients. */
@Injectable()
export class ClientQuestions {
  private readonly pending = new WeakMap<WsCompatibleClient, Map<number, Pending>>();
  private latest = 0;

  /**
   * Sends a client the event `question`, and waits for its `answer`.
   *
   * @param timeout how long the answer may take, in ms
   * @throws WsException if the client does not answer in time, disconnects, or has too many unanswered questions
   */
  async ask(client: WsCompatibleClient, question: string, timeout: number): Promise<string> {
    if (client.readyState !== client.OPEN) {
      throw new WsException(GONE);
    }
    const pending = this.pending.get(client) ?? new Map<number, Pending>();
    if (pending.size >= MAX_PENDING) {
      throw new WsException(`You have ${MAX_PENDING} unanswered questions, which is the limit.`);
    }
    this.pending.set(client, pending);
    const id = ++this.latest;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new WsException(`There was no answer within ${timeout} ms.`)), timeout);
        client.send(JSON.stringify({ event: 'question', data: { id, question } }));
      });
    } finally {
      clearTimeout(timer);
      pending.delete(id);
    }
  }

  /** @throws WsException if the client has no unanswered question with this id */
  answer(client: WsCompatibleClient, id: number, answer: string): void {
    const pending = this.pending.get(client)?.get(id);
    if (pending === undefined) {
      throw new WsException(`You have no unanswered question with the id ${id}.`);
    }
    pending.resolve(answer);
  }

  /** Rejects the unanswered questions of a client that has disconnected. */
  end(client: WsCompatibleClient): void {
    this.pending.get(client)?.forEach(({ reject }) => reject(new WsException(GONE)));
  }
}
