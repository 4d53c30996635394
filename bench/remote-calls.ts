import type { ChildProcess } from 'node:child_process';

/* Calls of methods in a child process, one at a time, over the IPC channel of Node.js. */

interface Call {
  readonly call: string;
}

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** In the child: answers calls with what the methods return or resolve to. The child ends with its parent. */
export function answerCalls(methods: object): void {
  process.on('message', ({ call }: Call) => {
    void answer(methods, call).then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => process.exit());
}

async function answer(methods: object, call: string): Promise<Answer> {
  try {
    const method: unknown = Reflect.get(methods, call);
    if (typeof method !== 'function') {
      throw new TypeError(`There is no ${call}.`);
    }
    return { value: await Reflect.apply(method, methods, []) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

type MethodOf<T> = { [Name in keyof T]: T[Name] extends () => unknown ? Name : never }[keyof T] & string;
type ResultOf<Method> = Method extends () => infer Result ? Awaited<Result> : never;

/** In the parent: an object of type `T` in the child. */
export class Remote<T extends object> {
  constructor(
    private readonly child: ChildProcess,
    /** How long an answer may take, in ms. */
    private readonly timeout: number,
  ) {}

  /** @throws what the method has thrown; or that there was no answer in time, or none at all */
  call<Name extends MethodOf<T>>(name: Name): Promise<ResultOf<T[Name]>> {
    const { child, timeout } = this;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        child.off('message', onAnswer).off('exit', onExit);
        settle();
      };
      const fail = (fault: string) => end(() => reject(new Error(fault)));
      const onAnswer = ({ error, value }: Answer) =>
        error === undefined ? end(() => resolve(value as ResultOf<T[Name]>)) : fail(error);
      const onExit = () => fail(`The process ended before it had answered "${name}".`);
      const timer = setTimeout(() => fail(`There was no answer to "${name}" in ${timeout / 1000} s.`), timeout);
      child.on('message', onAnswer).on('exit', onExit);
      child.send({ call: name } satisfies Call, (error) => error && fail(error.message));
    });
  }
}
