import { Injectable } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import type { WsCompatibleClient } from 'nest-raw-websockets';

/** Settles a question: with the answer, or with why there is none. */
interface Pending {
  readonly resolve: (answer: string) => void;
  readonly reject: (error: WsException) => void;
}

/** How many questions one client may have to answer at a time: what waits takes memory. */
const MAX_PENDING = 16;

const GONE = 'The client has gone.';

/** The calls that the server makes and its clients answer. */
@Injectable()
export class ClientQuestions {
  private readonly pending = new WeakMap<WsCompatibleClient, Map<number, Pending>>();
  private latest = 0;

  /**
   * Sends a client the event `question`, and waits for its `answer`.
   *
   * @param timeout how long the answer may take, in ms
   * @throws WsException when the client does not answer in time, goes away, or has too many questions to answer
   */
  async ask(client: WsCompatibleClient, question: string, timeout: number): Promise<string> {
    if (client.readyState !== client.OPEN) {
      throw new WsException(GONE);
    }
    const pending = this.pending.get(client) ?? new Map<number, Pending>();
    if (pending.size >= MAX_PENDING) {
      throw new WsException(`There are ${MAX_PENDING} questions that wait for your answer; that is the most.`);
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

  /** @throws WsException when the client was asked no such question, or did not answer it in time */
  answer(client: WsCompatibleClient, id: number, answer: string): void {
    const pending = this.pending.get(client)?.get(id);
    if (pending === undefined) {
      throw new WsException(`There is no question with the id ${id} that waits for your answer.`);
    }
    pending.resolve(answer);
  }

  /** Ends what a client that has gone will not answer. */
  end(client: WsCompatibleClient): void {
    this.pending.get(client)?.forEach(({ reject }) => reject(new WsException(GONE)));
  }
}
