import { StringDecoder } from 'node:string_decoder';
import { styleText } from 'node:util';
import type { Connection } from '../connection/connect.js';
import { count, formatDuration } from '../display/format-amounts.js';
import { printableLines } from '../display/printable.js';
import { TextReporter } from '../display/text-reporter.js';
import type { Echo, Message } from '../session/echoes.js';
import { describeClosed, isFarewell, type Ending } from '../session/ending.js';

/** As many bytes of a message are shown. */
const SHOWN = 16 * 1024;

/** For a person at a terminal, with the words of the article's client. */
export class PromptReporter extends TextReporter {
  override opened(connection: Connection): void {
    super.opened(connection);
    const { url, webSocket, handshake } = connection;
    const details = [
      `HTTP/${handshake.response.httpVersion}`,
      webSocket.protocol && `sub-protocol ${webSocket.protocol}`,
      webSocket.extensions && 'compressed',
    ].filter(Boolean);
    this.dim([`Connected to ${url.href} (${details.join(', ')}).`, '/help lists commands, Ctrl+D closes.']);
  }

  override message({ data, binary }: Message, echo: Echo): boolean {
    this.difference(echo);
    // A character that does not fit is left out, and not cut.
    const text = new StringDecoder(binary ? 'hex' : 'utf8').write(data.subarray(0, SHOWN));
    const details = [
      binary && 'binary',
      data.length === 0 && !binary && 'empty',
      (binary || data.length > SHOWN) && count(data.length, 'byte'),
      echo.roundTrip !== undefined && formatDuration(echo.roundTrip),
    ].filter(Boolean);
    const suffix = details.length === 0 ? '' : `${text === '' ? '' : ' '}(${details.join(', ')})`;
    const cut = data.length > SHOWN ? '…' : '';
    return this.lines.out(`Message received: ${printableLines(text)}${cut}${styleText('dim', suffix)}`);
  }

  override ended(ending: Ending): void {
    if (ending.kind !== 'closed' || !isFarewell(ending.closed)) {
      super.ended(ending);
      return;
    }
    // Who talks to a server that does not echo has no use for the number of missing echoes.
    this.dim([describeClosed({ ...ending.closed, lost: 0 })]);
  }
}
