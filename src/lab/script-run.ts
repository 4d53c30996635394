import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { answerHandshake } from './answer-handshake.js';
import { runCommand } from './dot-net-commands.js';
import { closePayload, encodeFrame, encodeHeader, FrameTooLargeError, OPCODE, type ReceivedFrame } from './frame.js';
import { frameFault } from './frame-faults.js';
import { LARGEST_RECEIVED, PeerGoneError, type LabPeer } from './lab-peer.js';
import type { LabSessions } from './lab-sessions.js';
import type { LabScript } from './parameters.js';

/** How late something is that is late, in ms, unless the script says. */
const LATE = 5000;

/** What the messages of a script consist of: 64 KiB of text that is the same again every 64 bytes. */
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PATTERN = Buffer.alloc(64 * 1024, ALPHABET);

/** What .NET's test server has beside the commands. */
export interface DotNetVariations {
  /** Echoes are not final. */
  readonly partialReplies?: boolean;
  /** The answer to a close frame tells what came. */
  readonly enhancedClose?: boolean;
  /** The largest message; a larger one closes with 1009. */
  readonly maxMessageSize?: number;
  /** A text message that is sent first. */
  readonly greeting?: string;
}

/** A message as it came, in its frames. */
type Message = readonly ReceivedFrame[];

/** Follows a script on one connection. */
export class ScriptRun {
  private messages = 0;
  private isCloseSent = false;
  private isClientClosed = false;
  private current: ReceivedFrame[] = [];
  private currentSize = 0;
  private postponed: Message | undefined;
  private echoes: Promise<unknown> = Promise.resolve();
  private echoBytes = 0;

  constructor(
    private readonly peer: LabPeer,
    private readonly script: LabScript,
    private readonly sessions: LabSessions,
    private readonly dotNet: DotNetVariations = {},
  ) {}

  /** Resolves when the connection has ended. What a client does never rejects it. */
  async run(): Promise<void> {
    const { peer, script } = this;
    this.sessions.join(peer, script.channel);
    try {
      const isOpen = await answerHandshake(peer, script);
      const timers = [this.later(script.end, () => peer.end()), this.later(script.abort, () => peer.reset())];
      const { id } = script;
      if (isOpen) {
        await Promise.all([...timers, ...this.converse()]);
      } else {
        peer.transport.stream.resume();
        await Promise.all(timers);
      }
      await peer.ended;
      if (id !== undefined && !this.isClientClosed) {
        this.sessions.noteClose(id, 'reset');
      }
    } catch (error) {
      if (!isEndOfConnection(error)) {
        peer.reset(); // it would write more than the lab allows, or read a frame that is too large
      }
      await peer.ended;
    }
  }

  private converse(): Promise<unknown>[] {
    const { peer, script } = this;
    const { 'ping-every': pingEvery, 'ping-size': pingSize = 0, 'pong-every': pongEvery } = script;
    return [
      this.speak(),
      this.listen(),
      this.repeat(pingEvery, () => peer.frame({ opcode: OPCODE.ping, payload: PATTERN.subarray(0, pingSize) })),
      this.repeat(pongEvery, () => peer.frame({ opcode: OPCODE.pong, payload: 'unasked' })),
      this.later(script.after, () => this.close()),
    ];
  }

  /** What is sent without being asked, in the order of the table. */
  private async speak(): Promise<void> {
    const { peer, script, dotNet } = this;
    const { tell, frame = [], fault = [], pace, 'write-rate': rate } = script;
    if (dotNet.greeting !== undefined) {
      await peer.send(dotNet.greeting);
    }
    if (tell !== undefined) {
      await peer.send(JSON.stringify(tell === 'request' ? peer.request : { connections: this.sessions.size }));
    }
    for (const bytes of frame) {
      await this.pause(pace);
      await peer.writer.write([bytes], rate);
    }
    for (const name of fault) {
      const { bytes, afterwards } = frameFault(name);
      await this.pause(pace);
      await peer.writer.write(bytes(), rate);
      if (afterwards === 'stall') {
        peer.writer.stop();
        return;
      }
      if (afterwards === 'end') {
        peer.end();
        return;
      }
    }
    await this.sendMessages();
    if (script.close !== undefined && script.after === undefined && script['after-messages'] === undefined) {
      await this.close();
    }
    await peer.writer.flush();
  }

  private async sendMessages(): Promise<void> {
    const { peer, script } = this;
    const { count = 0, size = 32, every = 0, type = 'text', fragment = Infinity, digest, 'write-rate': rate } = script;
    const hash = createHash('sha256');
    for (let i = 0; i < count && !this.isCloseSent; i++) {
      await this.pause(i === 0 ? 0 : every);
      let at = 0;
      do {
        const length = Math.min(fragment, size - at);
        const opcode = at === 0 ? OPCODE[type] : OPCODE.continuation;
        const header = encodeHeader({ opcode, fin: at + length === size, length });
        await peer.writer.write(frameOfPattern(header, at, length), rate);
        at += length;
      } while (at < size);
      if (digest) {
        for (const chunk of pattern(0, size)) {
          hash.update(chunk);
        }
      }
    }
    if (digest) {
      await peer.send(JSON.stringify({ sha256: hash.digest('hex'), messages: count, bytes: count * size }));
    }
  }

  /** Reads frames to the end of the client's half. */
  private async listen(): Promise<void> {
    const { peer, script } = this;
    if (script.read === 0) {
      return;
    }
    peer.readRate = script.read;
    for (;;) {
      const frame = await this.receive();
      if (frame === undefined) {
        break;
      }
      await this.handle(frame);
    }
    if (!peer.signal.aborted) {
      this.noteClose('end');
      if (!script['keep-open']) {
        peer.end();
      }
    }
  }

  private async receive(): Promise<ReceivedFrame | undefined> {
    try {
      return await this.peer.receive();
    } catch (error) {
      if (error instanceof FrameTooLargeError) {
        await this.close(1009, error.message);
        this.peer.end();
        return undefined;
      }
      throw error;
    }
  }

  private async handle(frame: ReceivedFrame): Promise<void> {
    switch (frame.opcode) {
      case OPCODE.close:
        await this.answerClose(frame);
        break;
      case OPCODE.ping:
        await this.answerPing(frame);
        break;
      case OPCODE.pong:
        break;
      default:
        await this.collect(frame);
    }
  }

  private async answerPing({ payload }: ReceivedFrame): Promise<void> {
    const { peer, script } = this;
    const { pong, 'pong-delay': delay = LATE } = script;
    const answer = (): Promise<void> => peer.frame({ opcode: OPCODE.pong, payload });
    switch (pong) {
      case 'never':
        break;
      case 'late':
        this.inBackground(this.later(delay, answer));
        break;
      case 'wrong':
        await peer.frame({ opcode: OPCODE.pong, payload: 'wrong' });
        break;
      case 'twice':
        await answer();
        await answer();
        break;
      default:
        await answer();
    }
  }

  private async answerClose(frame: ReceivedFrame): Promise<void> {
    const { peer, script, dotNet } = this;
    const { 'close-reply': reply, 'close-reply-delay': delay = LATE } = script;
    this.noteClose('close-frame', frame);
    if (!this.isCloseSent) {
      if (reply === 'never') {
        return;
      }
      if (reply === 'late') {
        await peer.wait(delay);
      }
      const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE() : undefined;
      const enhanced =
        dotNet.enhancedClose && code !== undefined
          ? closePayload(code, `Server received: ${code} ${frame.payload.toString('utf8', 2)}`)
          : frame.payload;
      this.isCloseSent = true;
      await peer.frame({ opcode: OPCODE.close, payload: typeof reply === 'number' ? closePayload(reply) : enhanced });
    }
    if (!script['keep-open']) {
      peer.end();
    }
  }

  private async collect(frame: ReceivedFrame): Promise<void> {
    const { script, dotNet } = this;
    this.current.push(frame);
    this.currentSize += frame.payload.length;
    const limit = dotNet.maxMessageSize ?? LARGEST_RECEIVED;
    if (this.currentSize > limit && (frame.fin || dotNet.maxMessageSize === undefined)) {
      await this.close(1009, `MessageTooBig: ${this.currentSize} > ${limit}`);
      this.current = [];
      this.currentSize = 0;
      return;
    }
    if (!frame.fin) {
      return;
    }
    const message = this.current;
    this.current = [];
    this.currentSize = 0;
    this.messages += 1;
    if (!(script.commands && (await this.obey(message)))) {
      await this.echo(message);
    }
    if (this.messages === script['after-messages']) {
      await this.echoes;
      await this.close();
    }
  }

  /** @returns whether the message was a command that is not sent back */
  private async obey(message: Message): Promise<boolean> {
    if (message[0].opcode !== OPCODE.text) {
      return false;
    }
    const text = Buffer.concat(message.map(({ payload }) => payload)).toString();
    return runCommand(text, {
      send: (answer) => this.peer.send(answer),
      close: (reason) => this.close(1000, reason),
      abort: () => this.peer.reset(),
      wait: (milliseconds) => this.peer.wait(milliseconds),
      echo: () => this.echo(message),
    });
  }

  private async echo(message: Message): Promise<void> {
    const { script, sessions } = this;
    const { channel, echo = true } = script;
    if (this.isCloseSent || !echo) {
      return;
    }
    if (channel !== undefined) {
      sessions.broadcast(channel, message.map(encodeFrame));
      return;
    }
    for (const one of this.choose(message)) {
      await this.sendBack(one);
    }
  }

  /** Drops, doubles and reorders. */
  private choose(message: Message): Message[] {
    const { 'drop-every': drop, 'double-every': double, 'reorder-every': reorder } = this.script;
    const isEvery = (n: number | undefined): boolean => n !== undefined && this.messages % n === 0;
    if (isEvery(drop)) {
      return [];
    }
    const copies = isEvery(double) ? [message, message] : [message];
    if (isEvery(reorder) && this.postponed === undefined) {
      this.postponed = message;
      return [];
    }
    const late = this.postponed === undefined ? [] : [this.postponed];
    this.postponed = undefined;
    return [...copies, ...late];
  }

  private async sendBack(message: Message): Promise<void> {
    const { peer, script, dotNet } = this;
    const { 'echo-delay': delay, 'write-rate': rate } = script;
    const frames = message.map((frame, i) =>
      encodeFrame({
        ...frame,
        mask: undefined,
        fin: frame.fin && !(dotNet.partialReplies && i === message.length - 1),
      }),
    );
    if (delay === undefined) {
      await peer.writer.write(frames, rate);
      return;
    }
    const due = performance.now() + delay;
    const size = frames.reduce((sum, { length }) => sum + length, 0);
    this.echoBytes += size;
    this.echoes = this.echoes.then(async () => {
      await this.pause(due - performance.now());
      this.echoBytes -= size;
      if (!this.isCloseSent) {
        await peer.writer.write(frames, rate);
      }
    });
    this.inBackground(this.echoes);
    if (this.echoBytes > LARGEST_RECEIVED) {
      await this.echoes; // the client has to wait: no more than that is kept
    }
  }

  /** Sends the close frame of the script, or another one, once. */
  private async close(code?: number, reason?: string): Promise<void> {
    const { peer, script } = this;
    if (this.isCloseSent) {
      return;
    }
    this.isCloseSent = true;
    const { close = 1000, 'messages-after-close': more = 0, coalesce } = script;
    const scripted = close === 'empty' ? undefined : close;
    const payload = closePayload(code ?? scripted, reason ?? script.reason);
    const frames = [
      encodeFrame({ opcode: OPCODE.close, payload }),
      ...Array.from({ length: more }, (_, i) => encodeFrame({ opcode: OPCODE.text, payload: `after close ${i + 1}` })),
    ];
    await peer.writer.write(coalesce ? [Buffer.concat(frames)] : frames, script['write-rate']);
    if (this.isClientClosed && !script['keep-open']) {
      peer.end();
    }
  }

  private noteClose(by: 'close-frame' | 'end', frame?: ReceivedFrame): void {
    if (!this.isClientClosed) {
      this.isClientClosed = true;
      if (this.script.id !== undefined) {
        this.sessions.noteClose(this.script.id, by, frame);
      }
    }
  }

  private async later(delay: number | undefined, act: () => unknown): Promise<void> {
    if (delay !== undefined) {
      await this.pause(delay);
      await act();
    }
  }

  private async repeat(every: number | undefined, act: () => Promise<void>): Promise<void> {
    while (every !== undefined && !this.isCloseSent) {
      await this.pause(Math.max(1, every));
      if (!this.isCloseSent) {
        await act();
      }
    }
  }

  private async pause(milliseconds: number | undefined): Promise<void> {
    if (milliseconds !== undefined && milliseconds > 0) {
      await wait(milliseconds, undefined, { signal: this.peer.signal });
    }
  }

  private inBackground(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      if (!isEndOfConnection(error)) {
        this.peer.reset();
      }
    });
  }
}

/** The bytes of a message of the pattern, from one of its bytes on. */
function* pattern(from: number, length: number): Iterable<Buffer> {
  let at = from % ALPHABET.length;
  for (let left = length; left > 0;) {
    const chunk = PATTERN.subarray(at, at + Math.min(left, PATTERN.length - at));
    yield chunk;
    left -= chunk.length;
    at = 0;
  }
}

/** Header and the first bytes of the payload in one write: a small frame is one packet. */
function* frameOfPattern(header: Buffer, from: number, length: number): Iterable<Buffer> {
  let first: Buffer | undefined = header;
  for (const chunk of pattern(from, length)) {
    yield first === undefined ? chunk : Buffer.concat([first, chunk]);
    first = undefined;
  }
  if (first !== undefined) {
    yield first;
  }
}

function isEndOfConnection(error: unknown): boolean {
  if (error instanceof PeerGoneError) {
    return true;
  }
  const { code, name } = error as NodeJS.ErrnoException;
  // Waits and writes that ended with the connection.
  return name === 'AbortError' || /^(?:ERR_STREAM_|EPIPE|ECONN|ERR_HTTP2_)/.test(code ?? '');
}
