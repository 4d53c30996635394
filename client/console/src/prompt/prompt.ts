import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { handshakeLines } from '../display/handshake-lines.js';
import { printable, printableLines } from '../display/printable.js';
import type { Handshake } from '../connection/handshake.js';
import { LARGEST_MESSAGE, type Message } from '../message.js';
import type { Session } from '../session/session.js';
import { parseCommand, PROMPT_HELP, type PromptCommand } from './prompt-command.js';
import type { PromptScreen } from './prompt-screen.js';

/**
 * Prompts for messages and sends them until the user or the server closes.
 *
 * @returns false if the session ended before everything was sent
 */
export async function prompt(session: Session, screen: PromptScreen): Promise<boolean> {
  let handshake: Handshake | undefined;
  session.on('open', (connection) => (handshake = connection.handshake));
  session.once('end', () => screen.close());
  // There is no prompt before the connection is open. Until then Ctrl+C is a signal, which ends the attempt.
  if (!(await session.opened()) || !handshake) {
    return true;
  }
  // While messages wait for a connection, the user can type on, above all Ctrl+D. The chain of promises keeps their order.
  let sending: Promise<unknown> = Promise.resolve();
  let isAllSent = true;
  const send = (message: Message, typed: string): void => {
    if (!session.isOpen) {
      screen.note('There is no connection now. The message will be sent when there is one.');
    }
    sending = sending.then(async () => {
      if (await session.send(message)) {
        return;
      }
      isAllSent = false;
      screen.note(`Not sent: ${printableLines(typed)}`);
    });
  };
  for await (const line of screen.ask('Type a message: ')) {
    await perform(line, parseCommand(line), session, screen, handshake, send);
  }
  if (session.isOpen) {
    await sending;
  }
  session.close();
  await sending;
  return isAllSent;
}

/** @throws Error if the path is not a file, or the file is not a valid message */
async function readMessage(path: string, binary: boolean): Promise<Message> {
  const file = await stat(path);
  if (!file.isFile()) {
    throw new Error('it is not a file.');
  }
  if (file.size > LARGEST_MESSAGE) {
    throw new Error(`it is larger than ${LARGEST_MESSAGE / 1024 ** 2} MiB, the limit of a message.`);
  }
  const data = await readFile(path);
  if (!binary && !isUtf8(data)) {
    throw new Error('it is not UTF-8, as a text message must be; see /binary.');
  }
  return { data, binary };
}

async function perform(
  line: string,
  command: PromptCommand,
  session: Session,
  screen: PromptScreen,
  handshake: Handshake,
  send: (message: Message, typed: string) => void,
): Promise<void> {
  switch (command.kind) {
    case 'send':
      send(command.message, line);
      break;
    case 'file':
      try {
        send(await readMessage(command.path, command.binary), line);
      } catch (error) {
        screen.note(`${printable(command.path)} cannot be sent: ${(error as Error).message}`);
      }
      break;
    case 'ping':
      if (session.isOpen) {
        void session.ping(Buffer.alloc(0));
      } else {
        screen.note('There is no connection for a ping.');
      }
      break;
    case 'close':
      session.close(command.status);
      break;
    case 'headers':
      screen.note(handshakeLines(handshake).map(printable).join('\n'));
      break;
    case 'help':
      screen.note(PROMPT_HELP.join('\n'));
      break;
    case 'mistake':
      screen.note(command.text);
  }
}
