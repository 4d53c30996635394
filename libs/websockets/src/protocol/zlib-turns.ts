/**
 * How many connections may have zlib at work at once. It works on the four threads that Node.js also reads files and
 * resolves names with; with more at once one busy connection would fill their queue, and with fewer the threads idle.
 */
const MAX_AT_WORK = 8;

let atWork = 0;
const waiting: (() => void)[] = [];

/** Waits until it is this connection's turn; in the order of asking. Each turn must be given back. */
export function takeZlibTurn(): Promise<void> | undefined {
  if (atWork < MAX_AT_WORK) {
    atWork++;
    return undefined;
  }
  return new Promise((resolve) => waiting.push(resolve));
}

/** Ends a turn; the next in line has it. */
export function giveZlibTurnBack(): void {
  const next = waiting.shift();
  if (next === undefined) {
    atWork--;
  } else {
    next();
  }
}
