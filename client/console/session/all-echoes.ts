import { onceQuiet } from './quiet.js';
import type { Session } from './session.js';

/** When a session that sends no more is done. */
export interface Patience {
  /** Whether as many messages come back as are sent, so that it is done with the last of them. */
  readonly echo: boolean;
  /** How long nothing may go either way before it is done in any case, in milliseconds; 0 for ever. */
  readonly quietPeriod: number;
}

/** Waits until all echoes are in, or no more are to be expected, or the session has ended. */
export async function allEchoes(session: Session, { echo, quietPeriod }: Patience): Promise<void> {
  let stopWaiting = (): void => {};
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (session.over.aborted || (echo && session.echoes.outstanding === 0)) resolve();
    };
    session.on('message', check).on('close', check).on('end', check);
    const stopTimer = quietPeriod > 0 ? onceQuiet(() => session.traffic, quietPeriod, resolve) : undefined;
    stopWaiting = () => {
      session.off('message', check).off('close', check).off('end', check);
      stopTimer?.();
    };
    check();
  });
  stopWaiting();
}
