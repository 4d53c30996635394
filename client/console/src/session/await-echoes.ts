import { onceQuiet } from './quiet-timer.js';
import type { Session } from './session.js';

/** When a session that sends no more is done. */
export interface Patience {
  /** Whether as many messages come back as are sent, so that it is done with the last of them. */
  readonly echo: boolean;
  /** How long no byte of a message may come before it is done in any case, in milliseconds; 0 for ever. */
  readonly quietPeriod: number;
}

/**
 * Waits until all echoes are in, or no more are to be expected, or the session has ended.
 *
 * @returns why it did not wait any longer, when that is the quiet period
 */
export async function allEchoes(session: Session, { echo, quietPeriod }: Patience): Promise<string | undefined> {
  let stopWaiting = (): void => {};
  const impatience = await new Promise<string | undefined>((resolve) => {
    const check = (): void => {
      if (session.over.aborted || (echo && !session.isWaiting)) resolve(undefined);
    };
    session.on('message', check).on('pong', check).on('close', check).on('end', check);
    const giveUp = (): void => resolve(`nothing came for ${quietPeriod / 1000} s (--quiet-period)`);
    const stopTimer = quietPeriod > 0 ? onceQuiet(() => session.progress, quietPeriod, giveUp) : undefined;
    stopWaiting = () => {
      session.off('message', check).off('pong', check).off('close', check).off('end', check);
      stopTimer?.();
    };
    check();
  });
  stopWaiting();
  return impatience;
}
