import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { WebSocket, WebSocketServer } from 'ws';
import { closeWebSocketServers, startWebSocketServer } from './web-socket-server.js';

/** The text of the cells of a row: one for a row about the connection, three for a message. */
export type Row = string[];

/** The page of the server in a tab of a browser, and the actions of a user. */
export class LogPage {
  /** The errors in the browser: uncaught exceptions, failed requests, violations of the policy. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.complaints.push(message.text());
      }
    });
  }

  /**
   * Opens the page as at a first visit. All tests of a file share one tab, because opening a tab takes longer than most
   * tests.
   */
  static async open(browser: Browser, url: string): Promise<LogPage> {
    const [context = await browser.newContext()] = browser.contexts();
    const [page = await context.newPage()] = context.pages();
    // Below that of a test, so that the error names what did not appear.
    context.setDefaultTimeout(45_000);
    // A document of the same origin that does not store anything.
    await page.goto(`${url}/favicon.svg`);
    await page.evaluate('localStorage.clear(); sessionStorage.clear()');
    const logPage = new LogPage(page);
    await page.goto(url);
    return logPage;
  }

  /** Leaves the page. Returns the complaints, without those about connections that tests cause on purpose. */
  async close(): Promise<string[]> {
    try {
      await this.page.goto('about:blank');
    } catch (error) {
      // The next test gets a tab of its own.
      await this.page.close();
      throw error;
    }
    this.page.removeAllListeners();
    await this.page.unrouteAll();
    await this.page.setViewportSize({ width: 1280, height: 720 });
    await this.page.emulateMedia({ colorScheme: null, reducedMotion: null });
    // Chromium reports each WebSocket and each request that failed, and a page cannot prevent that.
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

  /** Connects to the server and sends a message: with its echo, the log has three rows. */
  async converse(message: string): Promise<void> {
    await this.open();
    await this.send(message);
    await this.rowsOnce(3);
  }

  async closeSocket(): Promise<void> {
    await this.page.click('#closeButton');
    await this.reachState('Closed');
  }

  /** The ids of the enabled controls of the simple flow. */
  enabledControls(): Promise<string[]> {
    return this.page.evaluate<string[]>(
      "Array.from(document.querySelectorAll('form :is(select, input, textarea, button):enabled, #closeButton:enabled')," +
        ' (control) => control.id).filter(Boolean)',
    );
  }

  focusedId(): Promise<string> {
    return this.page.evaluate<string>('document.activeElement.id');
  }

  /** Downloads the file of a button, and returns its name and content. */
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

/** Runs a bare `ws` server, for behaviour other than an echo. */
export async function withServer(
  onConnection: (socket: WebSocket) => void,
  use: (url: string, server: WebSocketServer) => Promise<void>,
): Promise<void> {
  const { url, server } = await startWebSocketServer(onConnection);
  try {
    await use(url, server);
  } finally {
    await closeWebSocketServers();
  }
}

/** Runs a server that accepts connections and never answers. */
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
