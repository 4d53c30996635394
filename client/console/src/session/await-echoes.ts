import { onceQuiet } from './quiet-timer.js';
import type { Session } from './session.js';

/** How long to wait for echoes after the last message. */
export interface EchoWaitOptions {
  /** Whether the server answers each message with one message, so that the last answer ends the wait. */
  readonly echo: boolean;
  /** The wait ends after this time without a byte of a message, in milliseconds; 0 for no limit. */
  readonly quietPeriod: number;
}

/**
 * Waits until all echoes have arrived, the quiet period has passed, or the session has ended.
 *
 * @returns the reason why it gave up, if the quiet period has passed
 */
export async function awaitEchoes(
  session: Session,
  { echo, quietPeriod }: EchoWaitOptions,
): Promise<string | undefined> {
  let stopWaiting = (): void => {};
  const giveUpReason = await new Promise<string | undefined>((resolve) => {
    const check = (): void => {
      if (session.over.aborted || (echo && !session.isWaiting)) {
        resolve(undefined);
      }
    };
    session.on('message', check).on('pong', check).on('close', check).on('end', check);
    const giveUp = (): void => resolve(`nothing was received for ${quietPeriod / 1000} s (--quiet-period)`);
    const stopTimer = quietPeriod > 0 ? onceQuiet(() => session.progress, quietPeriod, giveUp) : undefined;
    stopWaiting = () => {
      session.off('message', check).off('pong', check).off('close', check).off('end', check);
      stopTimer?.();
    };
    check();
  });
  stopWaiting();
  return giveUpReason;
}
