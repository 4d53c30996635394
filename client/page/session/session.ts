import { encode, type Encoded } from '../composer/encode.js';
import { fillIn } from '../composer/placeholders.js';
import { Repeater } from '../composer/repeater.js';
import { readClose } from '../connection/close-rule.js';
import { Connection, type ConnectionState, type Socket } from '../connection/connection.js';
import { isObserved, isOwnEcho } from '../connection/endpoints.js';
import { Reconnection, type Timers } from '../connection/reconnection.js';
import { readSubprotocols } from '../connection/subprotocols.js';
import { problemWithUrl } from '../connection/websocket-url.js';
import { RoundTrips } from '../latency/round-trips.js';
import { Throughput } from '../latency/throughput.js';
import { Echoes } from '../log/echoes.js';
import { sizeOf, type NoticeEntry, type Payload } from '../log/log-entry.js';
import { LogProjection } from '../log/log-projection.js';
import { LogStore } from '../log/log-store.js';
import { newDiagnosticsId, withDiagnostics } from '../server-view/server-event.js';
import type { ServerWatch } from '../server-view/server-watch.js';
import { readNumber, type Settings } from './settings.js';

/** A repetition does not buffer more bytes than this in the browser. */
const CONGESTED_BYTES = 1_048_576;

const MOST_REPETITIONS = 10_000_000;
const LARGEST_BURST_MESSAGE = 16 * 1_048_576;

/** A longer delay would overflow a browser's timer, which would then fire at once. */
const LONGEST_INTERVAL = 86_400_000;

/** The environment of a {@link Session}. */
export interface SessionEnvironment extends Timers {
  readonly page: { readonly protocol: string; readonly host: string };
  openSocket(url: string, subprotocols: readonly string[]): Socket;
  /** A monotonic clock in milliseconds. */
  now(): number;
  /** Milliseconds since 1970, with a fraction. */
  wallClock(): number;
  /** From 0 to 1. */
  random(): number;
  uuid(): string;
  /** Finds out why the WebSocket could not be opened. */
  explainFailure(url: string): Promise<string>;
}

/** The events of a {@link Session} for the page. */
export interface SessionListener {
  /** The displayed state may have changed. */
  onChanged(session: Session): void;
  onStateChanged(session: Session, state: ConnectionState): void;
  /** A text for screen readers. */
  onNotice(session: Session, text: string): void;
  onMessage(session: Session): void;
}

/** A result, or a problem to show to the user. */
export type Outcome = { readonly problem: string; readonly at?: keyof Settings } | undefined;

/** One tab of the page: a connection, its settings, its log and its statistics. */
export class Session {
  readonly log = new LogStore();
  readonly projection: LogProjection;
  readonly roundTrips = new RoundTrips();
  readonly throughput = new Throughput();
  readonly repeater: Repeater;
  readonly heartbeat: Repeater;
  readonly watch: ServerWatch | undefined;
  settings: Settings;
  /** The name of an imported file; such a session is read-only. */
  importedFrom: string | undefined;
  /** The latest problem, until the next attempt. */
  problem = '';
  /** The progress of a repetition. */
  progress = '';
  /** Whether the next connection to this server opens the diagnostics stream. */
  isWatched = false;
  private readonly environment: SessionEnvironment;
  private readonly listener: SessionListener;
  private readonly connection: Connection;
  private readonly reconnection: Reconnection;
  private echoes = new Echoes();
  private sentOnConnection = 0;
  private attempt = 0;
  /** The URL of the attempt that waits for its diagnostics stream to open. */
  private awaitsWatch: string | undefined;

  constructor(
    environment: SessionEnvironment,
    listener: SessionListener,
    settings: Settings,
    watch?: (onChanged: () => void) => ServerWatch,
  ) {
    this.environment = environment;
    this.listener = listener;
    this.settings = settings;
    this.projection = new LogProjection(this.log, () => environment.now());
    this.repeater = new Repeater(environment);
    this.heartbeat = new Repeater(environment);
    this.watch = watch?.(() => this.changed());
    this.reconnection = new Reconnection(environment, () => environment.random());
    this.connection = new Connection(environment, {
      onStateChanged: (state) => {
        this.listener.onStateChanged(this, state);
      },
      onOpened: (details) => this.opened(details),
      onReceived: (data) => this.received(data),
      onFailed: (url, why) => this.failed(url, why),
      onAbandoned: (url, stage) => {
        this.notice(stage === 'connecting' ? 'Gave up connecting' : 'Did not wait for the close handshake', url);
      },
      onClosed: (details) => this.closed(details),
    });
  }

  get state(): ConnectionState {
    return this.awaitsWatch === undefined ? this.connection.state : 'connecting';
  }

  /** Whether another attempt to connect is scheduled. */
  get isWaitingToReconnect(): boolean {
    return this.reconnection.isWaiting;
  }

  /** Starts an attempt with the settings, or reports their fault. */
  connect(): Outcome {
    this.reconnection.reset();
    return this.openConnection();
  }

  /** Closes with the code and reason from the settings, or cancels an attempt. */
  close(): Outcome {
    if (this.reconnection.isWaiting) {
      this.reconnection.reset();
      this.notice('No further attempts');
      this.listener.onStateChanged(this, this.state);
      return undefined;
    }
    if (this.awaitsWatch !== undefined) {
      const url = this.awaitsWatch;
      this.abandonWatch();
      this.notice('Gave up connecting', url);
      this.listener.onStateChanged(this, this.state);
      return undefined;
    }
    const close = readClose(this.settings.closeCode, this.settings.closeReason);
    if ('problem' in close) {
      // An attempt can be cancelled with any settings, because no close frame is sent.
      if (this.state !== 'connecting') {
        return { ...close, at: 'closeCode' };
      }
    } else {
      this.connection.close(close.code, close.reason);
      return undefined;
    }
    this.connection.close();
    return undefined;
  }

  /** Sends the draft once. */
  sendDraft(): Outcome {
    const encoded = this.encodeDraft();
    if ('problem' in encoded) {
      return { ...encoded, at: 'draft' };
    }
    this.send(encoded.data);
    return undefined;
  }

  /** Sends one message and logs it. `false`: the connection is not open. */
  send(data: Payload): boolean {
    if (this.state !== 'open') {
      return false;
    }
    this.connection.send(data);
    this.sentOnConnection += 1;
    const now = this.environment.now();
    const size = sizeOf(data);
    this.echoes.sent(data, now);
    this.throughput.add('Client', size, now);
    this.log.add({ kind: 'message', time: this.environment.wallClock(), from: 'Client', data, size });
    this.changed();
    return true;
  }

  /** Sends the draft repeatedly, according to the settings, or stops the current repetition. */
  toggleRepeating(): Outcome {
    if (this.repeater.isRunning) {
      this.repeater.stop();
      return undefined;
    }
    const times = readNumber(this.settings.repeatTimes, 'Times', {
      min: 1,
      max: MOST_REPETITIONS,
      isWhole: true,
    });
    const interval = readNumber(this.settings.repeatInterval, 'Every (ms)', { min: 0, max: LONGEST_INTERVAL });
    if (typeof times !== 'number') {
      return { ...times, at: 'repeatTimes' };
    }
    if (typeof interval !== 'number') {
      return { ...interval, at: 'repeatInterval' };
    }
    const first = this.encodeDraft();
    if ('problem' in first) {
      return { ...first, at: 'draft' };
    }
    this.repeat('Repeated', times, interval, () => {
      // Placeholders are filled in for each message; without placeholders, the first encoding is reused.
      const encoded = this.settings.placeholders ? this.encodeDraft() : first;
      return 'data' in encoded && this.send(encoded.data);
    });
    return undefined;
  }

  /** Sends many messages of one size, as fast as the connection allows, or stops the current repetition. */
  toggleBurst(): Outcome {
    if (this.repeater.isRunning) {
      this.repeater.stop();
      return undefined;
    }
    const count = readNumber(this.settings.burstCount, 'Messages', {
      min: 1,
      max: MOST_REPETITIONS,
      isWhole: true,
    });
    const size = readNumber(this.settings.burstSize, 'Bytes each', {
      min: 0,
      max: LARGEST_BURST_MESSAGE,
      isWhole: true,
    });
    if (typeof count !== 'number') {
      return { ...count, at: 'burstCount' };
    }
    if (typeof size !== 'number') {
      return { ...size, at: 'burstSize' };
    }
    let number = 0;
    this.repeat('Burst', count, 0, () => {
      number += 1;
      return this.send(`${number} `.padEnd(size, 'x').slice(0, size));
    });
    return undefined;
  }

  /** Sends a message every few seconds, so that proxies do not close the connection as idle, or stops that. */
  toggleHeartbeat(): Outcome {
    if (this.heartbeat.isRunning) {
      this.heartbeat.stop();
      return undefined;
    }
    const seconds = readNumber(this.settings.heartbeatInterval, 'Every (s)', {
      min: 0.1,
      max: LONGEST_INTERVAL / 1_000,
    });
    if (typeof seconds !== 'number') {
      return { ...seconds, at: 'heartbeatInterval' };
    }
    const { heartbeatText } = this.settings;
    this.heartbeat.start({
      times: Infinity,
      interval: seconds * 1_000,
      send: () => this.send(heartbeatText),
      isCongested: () => false,
      onProgress: () => this.changed(),
    });
    return undefined;
  }

  clearLog(): void {
    this.log.clear();
    this.projection.resume();
    this.roundTrips.clear();
    this.changed();
  }

  /** Ends all activities of the session. */
  dispose(): void {
    this.reconnection.reset();
    this.repeater.stop();
    this.heartbeat.stop();
    this.abandonWatch();
    this.connection.close();
  }

  private openConnection(): Outcome {
    const { url, subprotocols } = this.settings;
    const problem = problemWithUrl(url);
    if (problem !== undefined) {
      this.report(problem);
      return { problem, at: 'url' };
    }
    const names = readSubprotocols(subprotocols);
    if ('problem' in names) {
      this.report(names.problem);
      return { ...names, at: 'subprotocols' };
    }
    this.problem = '';
    this.attempt += 1;
    const attempt = this.attempt;
    const id = newDiagnosticsId();
    const { watch } = this;
    if (!watch || !this.isWatched || !isObserved(url, this.environment.page)) {
      watch?.clear();
      if (this.isWatched) {
        this.notice("No server's view: it covers this page's own server, except the lab");
      }
      this.open(url, names);
      return undefined;
    }
    this.awaitsWatch = url;
    this.listener.onStateChanged(this, this.state);
    void watch.open(id).then((result) => {
      if (attempt !== this.attempt) {
        return;
      }
      this.awaitsWatch = undefined;
      this.isWatched = result !== 'absent';
      if (result !== 'open') {
        watch.close();
      }
      this.open(result === 'open' ? withDiagnostics(url, id) : url, names);
    });
    return undefined;
  }

  /** Gives up an attempt that waits for its diagnostics stream. */
  private abandonWatch(): void {
    this.attempt += 1;
    this.awaitsWatch = undefined;
    this.watch?.close();
  }

  private open(url: string, subprotocols: readonly string[]): void {
    this.echoes = new Echoes(isOwnEcho(url, this.environment.page));
    this.sentOnConnection = 0;
    this.connection.open(url, subprotocols);
  }

  private opened(details: { url: string; subprotocol: string; milliseconds: number }): void {
    this.reconnection.reset();
    const { url, subprotocol, milliseconds } = details;
    const note = `${url} in ${milliseconds.toFixed(1)} ms${subprotocol === '' ? '' : `, subprotocol ${subprotocol}`}`;
    this.add({
      kind: 'notice',
      time: this.environment.wallClock(),
      text: 'Connection opened',
      note,
      opened: details,
    });
  }

  private received(data: Payload): void {
    const now = this.environment.now();
    const size = sizeOf(data);
    const echo = this.echoes.received(data, now);
    if (echo.roundTrip !== undefined) {
      this.roundTrips.add(echo.roundTrip);
    }
    this.throughput.add('Server', size, now);
    this.log.add({ kind: 'message', time: this.environment.wallClock(), from: 'Server', data, size, ...echo });
    this.listener.onMessage(this);
    this.changed();
  }

  private failed(url: string, why: string | undefined): void {
    const refusal = this.watch?.request;
    this.report(`Could not connect to ${url}.${why === undefined ? '' : ` The browser refused: ${why}`}`);
    const attempt = this.attempt;
    const explanation =
      this.isWatched && refusal !== undefined && refusal.status >= 300
        ? Promise.resolve(`The server saw the handshake and answered ${refusal.status}: ${refusal.message ?? ''}`)
        : this.environment.explainFailure(url);
    void explanation.then((text) => {
      if (attempt === this.attempt && this.state !== 'open') {
        this.add({ kind: 'problem', time: this.environment.wallClock(), text: `Why: ${text}` });
        this.problem = `${this.problem} ${text}`;
        this.listener.onNotice(this, text);
      }
    });
  }

  private closed({ code, reason, byClient }: { code: number; reason: string; byClient: boolean }): void {
    this.repeater.stop();
    this.heartbeat.stop();
    this.notice(`Connection closed. Code: ${code}. Reason: ${reason}`);
    if (this.settings.reconnect && !byClient) {
      const { attempt, delay } = this.reconnection.schedule(() => {
        if (this.openConnection()) {
          this.reconnection.reset();
        }
      });
      this.notice(`Connecting again in ${(delay / 1_000).toFixed(1)} s (attempt ${attempt})`);
      this.listener.onStateChanged(this, this.state);
    }
  }

  private repeat(name: string, times: number, interval: number, send: () => boolean): void {
    const startedAt = this.environment.now();
    this.repeater.start({
      times,
      interval,
      send,
      isCongested: () => this.connection.bufferedAmount > CONGESTED_BYTES,
      onProgress: (sent, isRunning) => {
        const seconds = (this.environment.now() - startedAt) / 1_000;
        this.progress = `${name}: ${sent} of ${times} sent${isRunning ? '' : ` in ${seconds.toFixed(2)} s`}.`;
        this.changed();
      },
    });
  }

  private encodeDraft(): Encoded {
    const { draft, format, placeholders } = this.settings;
    const text = placeholders
      ? fillIn(draft, {
          n: () => this.sentOnConnection + 1,
          now: () => new Date(this.environment.wallClock()).toISOString(),
          uuid: () => this.environment.uuid(),
        })
      : draft;
    return encode(format, text);
  }

  private report(problem: string): void {
    this.problem = problem;
    this.add({ kind: 'problem', time: this.environment.wallClock(), text: problem });
  }

  private notice(text: string, note?: string): void {
    this.add({ kind: 'notice', time: this.environment.wallClock(), text, ...(note !== undefined && { note }) });
  }

  private add(entry: NoticeEntry): void {
    this.log.add(entry);
    this.listener.onNotice(this, entry.text);
    this.changed();
  }

  private changed(): void {
    this.listener.onChanged(this);
  }
}
