import { answerCalls } from './remote-calls.js';
import { usage } from './usage.js';

/*
 * Loaded into every server with `--import`, so that no server is changed to be measured. It does nothing until it is
 * asked.
 */

const serverCalls = { usage };

/** What a server can be asked. */
export type ServerCalls = typeof serverCalls;

answerCalls(serverCalls);
