import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import type * as NodePty from '@lydell/node-pty';
import { program } from './console-client.js';

/** A program in a pseudo-terminal, as somebody sits before it. */
export interface Terminal {
  /** Types, as the keyboard does: Enter is `\r`, Ctrl+C is `\u0003`. */
  type(keys: string): void;
  /** Resolves when this was shown since the last time that something was waited for. Fails if the program ends before. */
  shows(text: string): Promise<void>;
  /** All that the program wrote, with escape sequences. */
  readonly output: string;
  /** Its exit code, when it has left. */
  exit(): Promise<number>;
  close(): void;
}

const terminals = new Set<Terminal>();

/** The pseudo-terminals, or undefined without a binary for this platform, or without a shell of POSIX. */
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
const KEEP_OPEN = `trap : INT; "$@"; printf '[left with %s]' "$?"; kill -STOP $$`;

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
        if (LEFT.test(output)) {
          throw new Error(`It left without ${JSON.stringify(text)}: ${JSON.stringify(output)}`);
        }
        await once(written, 'data');
      }
    },
    async exit() {
      for (;;) {
        const [, code] = LEFT.exec(output) ?? [];
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

const LEFT = /\[left with (\d+)\]/;

/** Ends every program that still runs in a terminal; for `afterEach`. */
export function closeTerminals(): void {
  terminals.forEach((terminal) => terminal.close());
  terminals.clear();
}

/** `describe` for tests that need pseudo-terminals. Without them they are skipped, and one line says so. */
export function describeInTerminal(title: string, tests: () => void): void {
  if (!pty) {
    process.stderr.write(
      `Skipped: "${title}", because there are no pseudo-terminals for ${process.platform} on ${process.arch}.\n`,
    );
  }
  (pty ? describe : describe.skip)(title, tests);
}
