import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How long a client has to tell the outcome after the time of the task, in ms. Some wait for the end of a close first. */
const GRACE = 12_000;

/** A client program, which takes one task after the other. It is started again when a task has ended or blocked it. */
export class ClientProcess {
  #child;
  #lines;

  /** @param {{ program: string, args: readonly string[] }} client */
  constructor(client) {
    this.client = client;
  }

  /**
   * @param {{ timeout: number }} task
   * @returns {Promise<object>} the outcome; `{ died: true }` or `{ blocked: true }` where the program gave none
   */
  async run(task) {
    if (this.#child === undefined) {
      this.#start();
      await this.#lines.next(); // it is ready
    }
    const child = this.#child;
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, task.timeout + GRACE, { blocked: true });
    });
    child.stdin.write(`${JSON.stringify(task)}\n`);
    const line = this.#lines.next().then(({ value, done }) => (done ? { died: true } : JSON.parse(value)));
    const outcome = await Promise.race([line, late]);
    clearTimeout(timer);
    if (outcome.died || outcome.blocked) {
      this.end();
    }
    return outcome;
  }

  end() {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #start() {
    const { program, args } = this.client;
    const child = spawn(program, args, {
      cwd: fileURLToPath(new URL('clients', import.meta.url)),
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    child.on('error', () => {});
    child.stdin.on('error', () => {});
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }
}
