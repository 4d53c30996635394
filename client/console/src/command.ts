import { InvalidArgumentError, Option, type Command } from 'commander';
import { redacted } from './connection/address.js';
import { INPUT_FORMATS, OUTPUT_FORMATS, UsageError, type Flags } from './command-line.js';
import { HELP } from './help.js';
import {
  parseCloseCode,
  parseCloseReason,
  parseConnectTo,
  parseCount,
  parseDuration,
  parseHeader,
  parseOrigin,
  parseProxy,
  parseRate,
  parseServername,
  parseSize,
  parseSubprotocol,
  parseUrl,
} from './option-values.js';

/** Options that make messages up; there is nothing to send or to read beside. */
const MEASURING = ['count', 'interval', 'size', 'bench'];

/** Gives the client's command its argument, its options, its help and what it does. */
export function defineClient(command: Command): void {
  command
    .usage('<url> [options]')
    .argument(
      '<url>',
      'where to connect: ws://, wss:// or ws+unix:',
      confidential(command, 'the address', parseUrl, redacted),
    )
    .configureOutput({ outputError: (text, write) => write(withoutValue(text)) });
  connecting(command.optionsGroup('Connecting:'));
  staying(command.optionsGroup('Staying connected:'));
  showing(command.optionsGroup('What is shown:'));
  piping(command.optionsGroup('In a pipe:'));
  measuring(command.optionsGroup('Measuring, as ping does (any of them begins it):'));
  loading(command.optionsGroup('Measuring under load (any of them begins it):'));
  command.optionsGroup('Other:').addHelpText('after', HELP).action(act);
}

async function act(url: URL, flags: Flags, command: Command): Promise<void> {
  // Loaded when all is right with the command line: neither help nor a mistake waits for it.
  const { run } = await import('./run.js');
  try {
    const code = await run(url, flags);
    // Output that could not be written has set one already.
    process.exitCode ??= code;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    command.error(`error: ${error.message}`);
  }
  // stdin may have more, for which nobody waits. What was written goes out before, and if it cannot, that is said.
  process.stdout.write('', () => setImmediate(() => process.exit()));
}

function connecting(command: Command): void {
  command
    .option(
      '-H, --header <name: value>',
      'send this header; may be repeated',
      repeated(confidential(command, '--header', parseHeader, headerName)),
    )
    .option('--origin <origin>', 'send this Origin, as a page from there would', parseOrigin)
    .option('--subprotocol <name>', 'offer this sub-protocol; may be repeated', repeated(parseSubprotocol))
    .option('-u, --auth <user:password>', 'send this user and password (Basic); see Environment')
    .option('-L, --location', 'follow redirects; credentials stay with the first origin')
    .option('--connect-to <host:port>', 'connect there, whatever the address says', parseConnectTo)
    .option('--servername <name>', 'expect this name in the certificate, and ask for it (SNI)', parseServername)
    .option('-k, --insecure', 'take any certificate of the server, such as a self-signed one')
    .option('--ca <file>', 'trust the certificates in this PEM file, and no others')
    .option('--cert <file>', 'show the server this certificate, a PEM file')
    .option('--key <file>', 'the private key of --cert, a PEM file')
    .option('--passphrase <passphrase>', 'that of --key; else a terminal asks for it; see Environment')
    .option('--http2', 'open the WebSocket over HTTP/2 (RFC 8441); wss:// only')
    .option(
      '-x, --proxy <url>',
      'go through this HTTP or SOCKS5 proxy; see Environment',
      confidential(command, '--proxy', parseProxy, redacted),
    )
    .option('--no-proxy', 'go through no proxy, whatever the environment says')
    .option('--compress', 'offer permessage-deflate')
    .addOption(durationOption('--connect-timeout <time>', 'give up connecting after this time; 0: never', '30s'));
}

function staying(command: Command): void {
  command
    .option(
      '--reconnect [times]',
      'connect again when the connection is lost, this often in a row or always',
      parseCount,
    )
    .addOption(
      durationOption('--reconnect-delay <time>', 'wait up to this long before that, and then twice as long', '1s'),
    )
    .addOption(durationOption('--silence-timeout <time>', 'without a byte for this long it is lost; 0: never', '0'))
    .addOption(durationOption('--ping-interval <time>', 'send a ping every so often; 0: never', '0'))
    .option('--close-status-code <n>', 'close with this status (default: 1000)', parseCloseCode)
    .option('--close-reason <text>', 'and this reason', parseCloseReason);
}

function showing(command: Command): void {
  command
    .option('--show-handshake', 'show the request and the response, all headers included')
    .option('--show-frames', 'show every frame in both directions')
    .option('--json', 'print one JSON object per event')
    .addOption(new Option('--timestamps', 'begin each line with the time of day').conflicts(['json', 'output']));
}

function piping(command: Command): void {
  command
    .addOption(
      new Option('--execute <message>', 'send this first, then ask or read stdin; may be repeated')
        .argParser(repeated((text) => text))
        .conflicts(MEASURING),
    )
    .option('--binary', 'send binary messages: a line of stdin is hex')
    .addOption(
      new Option('--input <format>', 'how stdin is read (default: lines)').choices(INPUT_FORMATS).conflicts(MEASURING),
    )
    .addOption(
      new Option('--output <format>', 'how messages are written (default: lines)')
        .choices(OUTPUT_FORMATS)
        .conflicts([...MEASURING, 'json']),
    )
    .addOption(
      new Option('-0, --null', 'NUL ends a message of stdin and of stdout, in place of LF').conflicts(MEASURING),
    )
    .addOption(
      new Option('--verify', 'compare every echo with what was sent; exit code 4 if one differs').conflicts('echo'),
    )
    .addOption(new Option('--no-echo', 'the server does not send one message for each: wait for the quiet period'))
    .addOption(
      durationOption(
        '--quiet-period <time>',
        'after the end of stdin, wait for echoes until nothing came for this long; 0: for ever',
        '5s',
      ),
    );
}

function measuring(command: Command): void {
  const exclusive = (option: Option): Option => option.conflicts('bench');
  command
    .addOption(
      exclusive(new Option('-c, --count <n>', 'send this many messages (default: until Ctrl+C)').argParser(parseCount)),
    )
    .addOption(
      exclusive(
        new Option(
          '-i, --interval <time>',
          'send one every so often (default: 1s); 0: when the echo is there',
        ).argParser(parseDuration),
      ),
    )
    .option('-s, --size <bytes>', 'of this size (default: 32), for --bench as well', parseSize);
}

function loading(command: Command): void {
  const load = (flags: string, description: string): Option => new Option(flags, description).implies({ bench: true });
  command
    .addOption(
      new Option('--bench', 'send as fast as echoes come back, or at --rate').conflicts([
        'reconnect',
        'echo',
        'showFrames',
        'silenceTimeout',
        'pingInterval',
        'closeStatusCode',
        'closeReason',
        'timestamps',
      ]),
    )
    .addOption(load('--connections <n>', 'on this many connections (default: 10)').argParser(parseCount))
    .addOption(
      load('--in-flight <n>', 'with this many messages on the way on each (default: 1)')
        .argParser(parseCount)
        .conflicts('rate'),
    )
    .addOption(
      load('--rate <n>', 'this many messages a second on all of them together, however slow the echoes are').argParser(
        parseRate,
      ),
    )
    .addOption(load('--duration <time>', 'for this long (default: 10s)').argParser(parseDuration));
}

function durationOption(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).argParser(parseDuration).default(parseDuration(standard), standard);
}

/** A parser of what may hold a secret: its error shows only what is fit to be shown. */
function confidential<T>(
  command: Command,
  name: string,
  parse: (text: string) => T,
  shown: (text: string) => string,
): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      return command.error(`error: ${name} is "${shown(text)}". ${error.message}`);
    }
  };
}

/** The beginning of a header, up to its value. */
function headerName(text: string): string {
  return text.replace(/[:\s].*$/s, '…');
}

/** The value of an option that is not known may be a secret, as in --pasword=secret. */
function withoutValue(error: string): string {
  return error.replace(/^(error: unknown option '(?:--[\w-]+|-\w))[^]*?'$/m, "$1'");
}

/** A parser for an option that may be given several times. */
function repeated<T>(parse: (text: string) => T): (text: string, previous?: readonly T[]) => readonly T[] {
  return (text, previous = []) => [...previous, parse(text)];
}
