/** Functions that another process may call. Arguments and results are sent as JSON. */
export type Functions<Type> = { readonly [Name in keyof Type]: (...args: never[]) => unknown };

type Arguments<Type, Name extends keyof Type> = Type[Name] extends (...args: infer Args) => unknown ? Args : never;
type Result<Type, Name extends keyof Type> = Type[Name] extends (...args: never[]) => infer Value
  ? Awaited<Value>
  : never;

/** A message on the channel. A call without an id is not answered. */
type Message =
  | { readonly call: string; readonly args: readonly unknown[]; readonly id?: number }
  | { readonly answer: number; readonly value?: unknown; readonly error?: string };

/** Sends a message to the other process. `done` is called when it is sent, or cannot be sent. */
export type Post = (message: unknown, done: () => void) => void;

/** How many characters may wait to be sent to the other process. */
const CONGESTION = 4 * 1024 * 1024;

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One end of the channel between the primary process and a worker: each calls functions of the other. */
export class Channel<Remote extends Functions<Remote>> {
  private readonly pending = new Map<number, PendingCall>();
  private latestId = 0;
  private waiting = 0;
  private hasEnded = false;

  /** @param local the functions that the other process may call */
  constructor(
    private readonly post: Post,
    private readonly local: object,
  ) {}

  /**
   * Calls a function of the other process, and waits for its result.
   *
   * @returns its result
   * @throws Error if the function throws, or the other process ends
   */
  call<Name extends keyof Remote & string>(
    name: Name,
    ...args: Arguments<Remote, Name>
  ): Promise<Result<Remote, Name>> {
    return new Promise((resolve, reject) => {
      if (this.hasEnded) {
        reject(endedBefore(name));
        return;
      }
      const id = ++this.latestId;
      this.pending.set(id, { resolve: resolve as PendingCall['resolve'], reject });
      this.send({ call: name, args, id });
    });
  }

  /** Calls a function of the other process without waiting for it. It does nothing after that process has ended. */
  tell<Name extends keyof Remote & string>(name: Name, ...args: Arguments<Remote, Name>): void {
    if (!this.hasEnded) {
      this.send({ call: name, args });
    }
  }

  /** Whether too much waits to be sent. A message that may be lost should not be sent then. */
  get isCongested(): boolean {
    return this.waiting > CONGESTION;
  }

  /** Takes a message that came from the other process. */
  receive(message: unknown): void {
    // Messages of a process may arrive after its exit.
    if (isMessage(message) && !this.hasEnded) {
      if ('call' in message) {
        void this.execute(message);
      } else {
        this.settle(message);
      }
    }
  }

  /** The other process has ended: pending calls are rejected. */
  end(): void {
    this.hasEnded = true;
    this.pending.forEach(({ reject }, id) => reject(endedBefore(`call ${id}`)));
    this.pending.clear();
  }

  private async execute({ call, args, id }: Extract<Message, { call: string }>): Promise<void> {
    try {
      const functions = this.local as Record<string, (...args: readonly unknown[]) => unknown>;
      const value = await functions[call](...args);
      if (id !== undefined) {
        this.send({ answer: id, value });
      }
    } catch (error) {
      if (id === undefined) {
        throw error; // a fault of this program, and not of the other process
      }
      this.send({ answer: id, error: (error as Error).message });
    }
  }

  private settle({ answer, value, error }: Extract<Message, { answer: number }>): void {
    const call = this.pending.get(answer);
    this.pending.delete(answer);
    if (error === undefined) {
      call?.resolve(value);
    } else {
      call?.reject(new Error(error));
    }
  }

  private send(message: Message): void {
    const size = 'args' in message ? lengthOf(message.args) : 0;
    this.waiting += size;
    this.post(message, () => (this.waiting -= size));
  }
}

function lengthOf(args: readonly unknown[]): number {
  return args.reduce<number>((sum, arg) => sum + (typeof arg === 'string' ? arg.length : 0), 0);
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && ('call' in message || 'answer' in message);
}

function endedBefore(what: string): Error {
  return new Error(`The other process ended before it answered ${what}.`);
}
