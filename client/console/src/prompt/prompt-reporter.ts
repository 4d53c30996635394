import { StringDecoder } from 'node:string_decoder';
import { styleText } from 'node:util';
import type { ClientConnection } from '../connection/connect.js';
import { quantity, formatDuration } from '../display/format-amounts.js';
import { printableLines } from '../display/printable.js';
import { TextReporter } from '../display/text-reporter.js';
import type { Echo } from '../session/echoes.js';
import type { Message } from '../message.js';
import { describeClosed, isCleanClose, type Ending } from '../session/ending.js';

/** How many bytes of a message are shown. */
const SHOWN = 16 * 1024;

/** Reports to a user at a terminal, with the wording of the article's client. */
export class PromptReporter extends TextReporter {
  override opened(connection: ClientConnection): void {
    super.opened(connection);
    const { url, webSocket, handshake } = connection;
    const details = [
      `HTTP/${handshake.response.httpVersion}`,
      webSocket.protocol && `subprotocol ${webSocket.protocol}`,
      webSocket.extensions && 'compressed',
    ].filter(Boolean);
    this.dim([`Connected to ${url.href} (${details.join(', ')}).`, '/help lists commands, Ctrl+D closes.']);
  }

  override message({ data, binary }: Message, echo: Echo): boolean {
    this.difference(echo);
    // StringDecoder leaves out an incomplete character at the end.
    const text = new StringDecoder(binary ? 'hex' : 'utf8').write(data.subarray(0, SHOWN));
    const details = [
      binary && 'binary',
      data.length === 0 && !binary && 'empty',
      (binary || data.length > SHOWN) && quantity(data.length, 'byte'),
      echo.roundTrip !== undefined && formatDuration(echo.roundTrip),
    ].filter(Boolean);
    const suffix = details.length === 0 ? '' : `${text === '' ? '' : ' '}(${details.join(', ')})`;
    const cut = data.length > SHOWN ? '…' : '';
    return this.output.out(`Message received: ${printableLines(text)}${cut}${styleText('dim', suffix)}`);
  }

  override ended(ending: Ending): void {
    if (ending.kind !== 'closed' || !isCleanClose(ending.closed)) {
      super.ended(ending);
      return;
    }
    // The number of missing echoes is not shown: a user at a terminal may talk to a server that does not echo.
    this.dim([describeClosed({ ...ending.closed, lost: 0 })]);
  }
}
