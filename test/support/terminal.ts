import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import type * as NodePty from '@lydell/node-pty';
import { program } from './console-client.js';

/** A program in a pseudo-terminal. */
export interface Terminal {
  /** Types, as the keyboard does: Enter is `\r`, Ctrl+C is `\u0003`. */
  type(keys: string): void;
  /** Resolves when the program shows a text, after the text of the previous call. Fails if the program ends before. */
  shows(text: string): Promise<void>;
  /** The whole output of the program, with escape sequences. */
  readonly output: string;
  /** Resolves with its exit code. */
  exit(): Promise<number>;
  close(): void;
}

const terminals = new Set<Terminal>();

/** The pseudo-terminals, or undefined without a binary for this platform, or without a POSIX shell. */
function loadPty(): typeof NodePty | undefined {
  if (process.platform === 'win32') {
    return undefined;
  }
  try {
    return createRequire(import.meta.url)('@lydell/node-pty') as typeof NodePty;
  } catch {
    return undefined;
  }
}

const pty = loadPty();

/** Runs a program and keeps the terminal open after it: output in a terminal that is closed may be lost. */
const KEEP_OPEN = `trap : INT; "$@"; printf '[exited with %s]' "$?"; kill -STOP $$`;

/**
 * Starts `nest-ws-echo client` with these arguments in a terminal.
 *
 * @param environment its variables beside TERM; none is inherited
 */
export function openTerminal(args: readonly string[], environment: Record<string, string> = {}): Terminal {
  if (!pty) {
    throw new Error('There are no pseudo-terminals here: use describeInTerminal.');
  }
  const child = pty.spawn('/bin/sh', ['-c', KEEP_OPEN, 'sh', process.execPath, program, 'client', ...args], {
    cols: 80,
    rows: 24,
    env: { TERM: 'xterm', ...environment },
  });
  const written = new EventEmitter();
  let output = '';
  let seen = 0;
  child.onData((text) => {
    output += text;
    written.emit('data');
  });
  const terminal: Terminal = {
    get output() {
      return output;
    },
    type: (keys) => child.write(keys),
    async shows(text) {
      for (;;) {
        const at = output.indexOf(text, seen);
        if (at >= 0) {
          seen = at + text.length;
          return;
        }
        if (EXITED.test(output)) {
          throw new Error(`It exited without ${JSON.stringify(text)}: ${JSON.stringify(output)}`);
        }
        await once(written, 'data');
      }
    },
    async exit() {
      for (;;) {
        const [, code] = EXITED.exec(output) ?? [];
        if (code !== undefined) {
          return Number(code);
        }
        await once(written, 'data');
      }
    },
    close: () => child.kill('SIGKILL'),
  };
  terminals.add(terminal);
  return terminal;
}

const EXITED = /\[exited with (\d+)\]/;

/** Ends every program that still runs in a terminal; for `afterEach`. */
export function closeTerminals(): void {
  terminals.forEach((terminal) => terminal.close());
  terminals.clear();
}

/** `describe` for tests that need pseudo-terminals. Without them they are skipped, and a line on stderr says so. */
export function describeInTerminal(title: string, tests: () => void): void {
  if (!pty) {
    process.stderr.write(
      `Skipped: "${title}", because there are no pseudo-terminals for ${process.platform} on ${process.arch}.\n`,
    );
  }
  (pty ? describe : describe.skip)(title, tests);
}
