import { OPCODE, type ReceivedFrame } from '../peer/frame.js';
import { FrameTooLargeError } from '../peer/frame-reader.js';
import { LARGEST_RECEIVED, type LabPeer } from '../peer/lab-peer.js';
import { answerHandshake } from './answer-handshake.js';
import { Closing } from './closing.js';
import { runCommand } from './dot-net-commands.js';
import { Echo, type Message } from './echo.js';
import type { ClientClose, LabSessions } from './lab-sessions.js';
import { MessageCollector, MessageTooLargeError } from './message-collector.js';
import type { LabScript } from './parameters.js';
import { PATTERN } from './pattern.js';
import { Pongs } from './pongs.js';
import { sendPrologue } from './prologue.js';

/** What .NET's test server does besides its commands. */
export interface DotNetVariations {
  /** Echoes are not final. */
  readonly partialReplies?: boolean;
  /** The answer to a close frame tells what was received. */
  readonly enhancedClose?: boolean;
  /** The largest message, in bytes; a larger one closes with 1009. */
  readonly maxMessageSize?: number;
  /** A text message that is sent first. */
  readonly greeting?: string;
}

/** Follows a script on one connection: answers the handshake, and then sends, reads and acts at its times concurrently. */
export class ScriptRun {
  private readonly closing: Closing;
  private readonly echo: Echo;
  private readonly pongs: Pongs;
  private readonly collector: MessageCollector;
  private readonly received = { messages: 0, pings: 0, pongs: 0 };
  private isCloseNoted = false;

  constructor(
    private readonly peer: LabPeer,
    private readonly script: LabScript,
    private readonly sessions: LabSessions,
    private readonly dotNet: DotNetVariations = {},
  ) {
    const isClosing = (): boolean => this.closing.isSent;
    this.closing = new Closing(peer, script, dotNet.enhancedClose);
    this.echo = new Echo(peer, script, sessions, isClosing, dotNet.partialReplies);
    this.pongs = new Pongs(peer, script);
    this.collector = new MessageCollector(dotNet.maxMessageSize ?? LARGEST_RECEIVED);
  }

  /** Resolves when the connection has ended. Nothing that a client does rejects it. */
  async run(): Promise<void> {
    const { peer, script } = this;
    this.sessions.join(peer, script.channel, script['write-rate']);
    try {
      const isOpen = await answerHandshake(peer, script);
      if (!isOpen) {
        peer.transport.stream.resume(); // the end of the client's half has to be read
      }
      await Promise.all([
        this.later(script.end, () => peer.end()),
        this.later(script.abort, () => peer.reset()),
        ...(isOpen ? this.converse() : []),
      ]);
    } catch {
      if (!peer.transport.stream.destroyed) {
        peer.reset(); // a destroyed stream means that the connection has ended in the middle of the script
      }
    }
    await peer.ended;
    this.noteClose(peer.isClientEnded ? 'end' : peer.isReset ? 'lab' : 'reset');
  }

  private converse(): Promise<unknown>[] {
    const { peer, script } = this;
    const { 'ping-every': pingEvery, 'ping-size': pingSize = 0, 'pong-every': pongEvery } = script;
    return [
      this.speak(),
      this.listen(),
      this.repeat(pingEvery, () => peer.frame({ opcode: OPCODE.ping, payload: PATTERN.subarray(0, pingSize) })),
      this.repeat(pongEvery, () => peer.frame({ opcode: OPCODE.pong, payload: 'unsolicited' })),
      this.later(script.after, () => this.closing.send()),
    ];
  }

  private async speak(): Promise<void> {
    const { peer, script, dotNet, closing } = this;
    if (dotNet.greeting !== undefined) {
      await peer.send(dotNet.greeting);
    }
    const goesOn = await sendPrologue(peer, script, this.sessions.size, () => closing.isSent);
    const { close, after, 'after-messages': afterMessages } = script;
    if (goesOn && close !== undefined && after === undefined && afterMessages === undefined) {
      await closing.send();
    }
    if (goesOn) {
      await peer.writer.flush();
    }
  }

  /** Reads frames to the end of the client's half. */
  private async listen(): Promise<void> {
    const { peer, script, closing } = this;
    if (script.read === 0) {
      return;
    }
    peer.readRate = script.read;
    try {
      for (let frame = await peer.receive(); frame !== undefined; frame = await peer.receive()) {
        await this.handle(frame);
      }
    } catch (error) {
      if (!(error instanceof FrameTooLargeError || error instanceof MessageTooLargeError)) {
        throw error;
      }
      await closing.sendCode(1009, error.message);
      peer.end();
      peer.discardRest();
    }
    if (peer.isClientEnded) {
      this.noteClose('end');
      closing.end();
    }
  }

  private async handle(frame: ReceivedFrame): Promise<void> {
    switch (frame.opcode) {
      case OPCODE.close:
        this.noteClose('close-frame', frame.payload);
        await this.closing.answer(frame);
        break;
      case OPCODE.ping:
        this.received.pings += 1;
        await this.pongs.answer(frame);
        break;
      case OPCODE.pong:
        this.received.pongs += 1;
        break;
      default: {
        const message = this.collector.push(frame);
        if (message !== undefined) {
          await this.react(message);
        }
      }
    }
  }

  private async react(message: Message): Promise<void> {
    const { script, echo } = this;
    this.received.messages += 1;
    if (!(script.commands && (await this.obey(message)))) {
      await echo.send(message);
    }
    if (this.received.messages === script['after-messages']) {
      await echo.finish();
      await this.closing.send();
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
      close: (reason) => this.closing.sendCode(1000, reason),
      abort: () => this.peer.reset(),
      wait: (milliseconds) => this.peer.wait(milliseconds),
      echo: () => this.echo.send(message),
    });
  }

  /** Notes what the client did first. Later calls have no effect. */
  private noteClose(by: ClientClose['by'], payload?: Buffer): void {
    const { id } = this.script;
    if (id !== undefined && !this.isCloseNoted) {
      this.sessions.noteClose(id, by, this.received, payload);
    }
    this.isCloseNoted = true;
  }

  private async later(delay: number | undefined, act: () => unknown): Promise<void> {
    if (delay !== undefined) {
      await this.peer.wait(delay);
      await act();
    }
  }

  private async repeat(every: number | undefined, act: () => Promise<void>): Promise<void> {
    while (every !== undefined && !this.closing.isSent) {
      await this.peer.wait(Math.max(1, every));
      if (!this.closing.isSent) {
        await act();
      }
    }
  }
}
