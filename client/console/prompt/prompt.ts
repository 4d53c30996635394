import { formatDuration } from '../display/amounts.js';
import { handshakeLines } from '../display/heads.js';
import { printable } from '../display/printable.js';
import type { Handshake } from '../connection/handshake.js';
import type { Message } from '../session/echoes.js';
import type { Session } from '../session/session.js';
import { parseCommand, PROMPT_HELP, type PromptCommand } from './prompt-command.js';
import type { PromptScreen } from './prompt-screen.js';

/** Asks for messages and sends them until the user or the server closes. */
export async function prompt(session: Session, screen: PromptScreen): Promise<void> {
  let handshake: Handshake | undefined;
  session.on('open', (connection) => (handshake = connection.handshake));
  session.on('pong', (roundTrip) => screen.note(`Pong: ${formatDuration(roundTrip)}`));
  session.once('end', () => screen.close());
  // Until there is a connection nothing is asked: Ctrl+C is the terminal's own, and ends the attempt.
  if (!(await session.opened()) || !handshake) {
    return;
  }
  // Nobody is kept from typing, Ctrl+D above all, while messages wait for a connection; they stay in order all the same.
  let sending: Promise<unknown> = Promise.resolve();
  const send = (message: Message): void => {
    if (!session.isOpen) screen.note('There is no connection now: the message is sent when there is one.');
    sending = sending.then(() => session.send(message));
  };
  for await (const line of screen.ask('Type a message: ')) {
    perform(parseCommand(line), session, screen, handshake, send);
  }
  if (session.isOpen) await sending;
  session.close();
}

function perform(
  command: PromptCommand,
  session: Session,
  screen: PromptScreen,
  handshake: Handshake,
  send: (message: Message) => void,
): void {
  switch (command.kind) {
    case 'send':
      send(command.message);
      break;
    case 'ping':
      if (!session.ping()) screen.note('There is no connection to send a ping on.');
      break;
    case 'close':
      session.close(command.status);
      break;
    case 'headers':
      screen.note(printable(handshakeLines(handshake).join('\n')));
      break;
    case 'help':
      screen.note(PROMPT_HELP.join('\n'));
      break;
    case 'mistake':
      screen.note(command.text);
  }
}
