import { createInterface } from 'node:readline';

/**
 * Takes tasks from stdin, a JSON object on each line, and writes the outcome of each to stdout.
 *
 * @param {(task: { url: string, protocols: string[], action?: string }, outcome: object) => Promise<void>} run resolves when
 *   the connection has ended. It sets `outcome.giveUp`
 */
export async function serveTasks(run) {
  process.on('uncaughtException', () => {}); // the outcome of the task tells
  process.stdout.write('{}\n'); // ready
  for await (const line of createInterface({ input: process.stdin })) {
    const task = JSON.parse(line);
    const outcome = { opened: false, messages: 0, bytes: 0 };
    const late = new Promise((resolve) => setTimeout(resolve, task.timeout, true));
    try {
      outcome.hangs = (await Promise.race([run(task, outcome), late])) === true;
    } catch (error) {
      outcome.error = error.message;
    }
    const { giveUp, ...told } = outcome;
    process.stdout.write(`${JSON.stringify(told)}\n`);
    if (outcome.hangs) {
      giveUp?.();
    }
  }
  process.exit();
}
