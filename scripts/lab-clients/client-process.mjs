import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How long a client has to tell the outcome after the time of the task, in ms. Some wait for the end of a close first. */
const GRACE = 12_000;

/**
 * A client program, which takes one task after the other. It is started again when a task has ended or blocked it.
 *
 * @param {{ program: string, args: readonly string[] }} client
 */
export function startClient(client) {
  let running;

  function end() {
    running?.child.kill('SIGKILL');
    running = undefined;
  }

  /**
   * @param {{ timeout: number }} task
   * @returns {Promise<object>} the outcome; `{ died: true }` or `{ blocked: true }` where the program gave none
   */
  async function run(task) {
    if (running === undefined) {
      running = spawnClient(client);
      await running.lines.next(); // it is ready
    }
    running.child.stdin.write(`${JSON.stringify(task)}\n`);
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, task.timeout + GRACE, { blocked: true });
    });
    const line = running.lines.next().then(({ value, done }) => (done ? { died: true } : JSON.parse(value)));
    const outcome = await Promise.race([line, late]);
    clearTimeout(timer);
    if (outcome.died || outcome.blocked) {
      end();
    }
    return outcome;
  }

  return { run, end };
}

function spawnClient({ program, args }) {
  const child = spawn(program, args, {
    cwd: fileURLToPath(new URL('clients', import.meta.url)),
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}
