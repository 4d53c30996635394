import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { WebSocketServer, type WebSocket } from 'ws';

/** The text of the cells of a row: one for a row about the connection, three for a message. */
export type Row = string[];

/** The page of the server in a browser, and what a person does there. */
export class LogPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about: uncaught exceptions, failed requests, violations of the policy. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.complaints.push(message.text());
      }
    });
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<LogPage> {
    const context = await browser.newContext(options);
    // Below that of a test, so that the error names what did not appear.
    context.setDefaultTimeout(45_000);
    const logPage = new LogPage(context, await context.newPage());
    await logPage.page.goto(url);
    return logPage;
  }

  /** Closes the page. Returns its complaints, without those about connections that tests cause on purpose. */
  async close(): Promise<string[]> {
    await this.context.close();
    // Chromium reports each WebSocket and each request that failed, and a page cannot keep it from that.
    return this.complaints.filter(
      (text) => !/^WebSocket connection to |^Failed to load resource: |blocked by CORS policy/.test(text),
    );
  }

  /** The rows of the log that are in view, without size, round trip and times, once the page has drawn all changes. */
  async rows(): Promise<Row[]> {
    await this.page.locator('#logTable:not([aria-busy])').waitFor({ state: 'attached' });
    return this.page.evaluate<Row[]>(`
      Array.from(document.querySelectorAll('#commsLog tr'), (row) =>
        Array.from(row.querySelectorAll('td:not(.meta, .note)'), (cell) => cell.innerText))`);
  }

  /** Waits until the log has a number of rows, and returns those in view. */
  async rowsOnce(count: number): Promise<Row[]> {
    await this.page.locator(`#logTable[aria-rowcount="${count + 1}"]`).waitFor();
    return this.rows();
  }

  async reachState(state: 'Open' | 'Closed' | 'Closing...' | 'Connecting...'): Promise<void> {
    await this.page.locator(`#stateLabel:text-is("${state}")`).waitFor();
  }

  /**
   * Presses Connect, with another URL if there is one.
   *
   * @param timeout how long the page may take to react, in ms: it is busy if a flood begins with the connection
   */
  async connect(url?: string, timeout?: number): Promise<void> {
    if (url !== undefined) {
      await this.page.fill('#connectionUrl', url);
    }
    await this.page.click('#connectButton', { timeout });
  }

  /** Connects, and waits until the connection is open. */
  async open(url?: string): Promise<void> {
    await this.connect(url);
    await this.reachState('Open');
  }

  async send(message: string): Promise<void> {
    await this.page.fill('#sendMessage', message);
    await this.page.click('#sendButton');
  }

  /** Connects to the server and has a message echoed: the log then has three rows. */
  async converse(message: string): Promise<void> {
    await this.open();
    await this.send(message);
    await this.rowsOnce(3);
  }

  async closeSocket(): Promise<void> {
    await this.page.click('#closeButton');
    await this.reachState('Closed');
  }

  /** The ids of the controls of the simple flow that can be used. */
  enabledControls(): Promise<string[]> {
    return this.page.evaluate<string[]>(
      "Array.from(document.querySelectorAll('form :is(select, input, textarea, button):enabled, #closeButton:enabled')," +
        ' (control) => control.id).filter(Boolean)',
    );
  }

  focusedId(): Promise<string> {
    return this.page.evaluate<string>('document.activeElement.id');
  }

  /** Saves what a button offers, and returns the file's name and content. */
  async download(click: () => Promise<void>): Promise<{ name: string; content: Buffer }> {
    const offered = this.page.waitForEvent('download');
    await click();
    const download = await offered;
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) {
      chunks.push(chunk as Buffer);
    }
    return { name: download.suggestedFilename(), content: Buffer.concat(chunks) };
  }
}

/** Runs a server that does to each WebSocket what the application, which only echoes, does not do. */
export async function withServer(
  onConnection: (socket: WebSocket) => void,
  use: (url: string, server: WebSocketServer) => Promise<void>,
): Promise<void> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', onConnection);
  await once(server, 'listening');
  try {
    await use(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, server);
  } finally {
    for (const socket of server.clients) {
      socket.terminate();
    }
    server.close();
    await once(server, 'close');
  }
}

/** Runs a server that takes connections and never answers. */
export async function withSilentServer(
  use: (url: string, connected: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, once(server, 'connection'));
  } finally {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
    await once(server, 'close');
  }
}
