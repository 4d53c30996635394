import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { makeFolder } from './folder.js';
import { findProgram } from './installed-program.js';

export const firefoxProgram = findProgram('firefox-esr', 'apt-get install -y firefox-esr');

/** The keys that tests press, in the notation of WebDriver (section 17.4.2). */
export const KEYS = { Enter: '\uE007', Shift: '\uE008' } as const;

/** The answer to a command; an event has no id. */
interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

/**
 * The Firefox of the system, driven by WebDriver BiDi, with the commands that one spec needs. Playwright would need a
 * build of its own.
 */
export class Firefox {
  private readonly process: ChildProcess;
  private readonly socket: WebSocket;
  private readonly answers = new Map<number, (answer: Answer) => void>();
  private context = '';
  private commands = 0;

  private constructor(process: ChildProcess, socket: WebSocket) {
    this.process = process;
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer;
      this.answers.get(answer.id ?? 0)?.(answer);
    });
  }

  static async launch(path: string): Promise<Firefox> {
    const profile = makeFolder();
    const child = spawn(path, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], {
      env: { ...process.env, HOME: profile },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    let address: string | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    while (address === undefined) {
      await Promise.race([
        once(child.stderr, 'data'),
        once(child, 'exit').then(() => Promise.reject(new Error(`Firefox ended: ${said}`))),
      ]);
      address = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
    }
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    const firefox = new Firefox(child, socket);
    await firefox.command('session.new', { capabilities: {} });
    const { context } = (await firefox.command('browsingContext.create', { type: 'tab' })) as { context: string };
    firefox.context = context;
    return firefox;
  }

  async open(url: string): Promise<void> {
    await this.command('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /** The value of an expression whose type is string. */
  async evaluate(expression: string): Promise<string> {
    const { result } = (await this.command('script.evaluate', {
      expression,
      target: { context: this.context },
      awaitPromise: true,
    })) as { result?: { value?: string } };
    return result?.value ?? '';
  }

  /** Waits until the text of an element matches. An observer in the page reports changes. */
  async waitForText(selector: string, pattern: RegExp): Promise<void> {
    await this.evaluate(`new Promise((resolve) => {
      const check = () => {
        if (${String(pattern)}.test(document.querySelector(${JSON.stringify(selector)})?.innerText ?? '')) {
          observer.disconnect();
          resolve('');
        }
      };
      const observer = new MutationObserver(check);
      observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
      check();
    })`);
  }

  /** Clicks in the middle of an element, with the mouse. */
  async click(selector: string): Promise<void> {
    const place = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: 'center' });
      const { x, y, width, height } = element.getBoundingClientRect();
      return JSON.stringify({ x: Math.round(x + width / 2), y: Math.round(y + height / 2) });
    })()`);
    await this.command('input.performActions', {
      context: this.context,
      actions: [
        {
          type: 'pointer',
          id: 'mouse',
          actions: [
            { type: 'pointerMove', ...(JSON.parse(place) as object) },
            { type: 'pointerDown', button: 0 },
            { type: 'pointerUp', button: 0 },
          ],
        },
      ],
    });
  }

  /** Presses keys one after another; `held` stays down meanwhile. */
  async press(keys: string, held?: string): Promise<void> {
    const strokes = Array.from(keys, (value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]).flat();
    const actions =
      held === undefined ? strokes : [{ type: 'keyDown', value: held }, ...strokes, { type: 'keyUp', value: held }];
    await this.command('input.performActions', {
      context: this.context,
      actions: [{ type: 'key', id: 'keyboard', actions }],
    });
  }

  async close(): Promise<void> {
    const exit = once(this.process, 'exit');
    await this.command('browser.close', {}).catch(() => this.process.kill());
    await exit;
    this.socket.terminate();
  }

  private async command(method: string, params: object): Promise<unknown> {
    this.commands += 1;
    const id = this.commands;
    const answer = new Promise<Answer>((resolve) => {
      this.answers.set(id, resolve);
    });
    this.socket.send(JSON.stringify({ id, method, params }));
    const { result, error, message } = await answer;
    this.answers.delete(id);
    if (error !== undefined) {
      throw new Error(`${method}: ${error}: ${message}`);
    }
    return result;
  }
}
