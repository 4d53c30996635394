import { InvalidArgumentError, Option, type Command } from 'commander';
import { redacted } from './connection/address.js';
import { INPUT_FORMATS, OUTPUT_FORMATS, UsageError, type CommandLine } from './command-line.js';
import { HELP } from './help.js';
import {
  parseCloseCode,
  parseCloseReason,
  parseConnectTo,
  parseCount,
  parseHeader,
  parseMessageSize,
  parseOrigin,
  parseProxy,
  parseRate,
  parseServername,
  parseSubprotocol,
  parseTime,
  parseUrl,
} from './option-values.js';

/** Options with which the client generates its messages, so that it reads none. */
const MEASURING = ['count', 'interval', 'size', 'bench'];

/** Defines the argument, the options, the help and the action of the client's command. */
export function defineClient(command: Command): void {
  command
    .usage('<url> [options]')
    .argument(
      '<url>',
      'the server: ws://, wss:// or ws+unix:',
      confidential(command, 'the address', parseUrl, redacted),
    )
    .configureOutput({ outputError: (text, write) => write(withoutValue(text)) });
  connecting(command.optionsGroup('Connecting:'));
  staying(command.optionsGroup('Staying connected:'));
  showing(command.optionsGroup('Output:'));
  piping(command.optionsGroup('In a pipe:'));
  measuring(command.optionsGroup('Measuring round-trip times, like ping (any of these options turns it on):'));
  loading(command.optionsGroup('Measuring under load (any of these options turns it on):'));
  command.optionsGroup('Other:').addHelpText('after', HELP).action(act);
}

async function act(url: URL, commandLine: CommandLine, command: Command): Promise<void> {
  // Loaded on demand: the help and errors in the command line appear without it.
  const { run } = await import('./run.js');
  try {
    const code = await run(url, commandLine);
    // A failure to write stdout has set an exit code already.
    process.exitCode ??= code;
  } catch (error) {
    if (!(error instanceof UsageError)) {
      throw error;
    }
    command.error(`error: ${error.message}`);
  }
  // An open stdin would keep the process alive. The callback runs after stdout is written, or after its error is reported.
  process.stdout.write('', () => setImmediate(() => process.exit()));
}

function connecting(command: Command): void {
  command
    .option(
      '-H, --header <name: value>',
      'send this header; may be repeated',
      repeated(confidential(command, '--header', parseHeader, headerName)),
    )
    .option('--origin <origin>', 'send this Origin header', parseOrigin)
    .option('--subprotocol <name>', 'offer this subprotocol; may be repeated', repeated(parseSubprotocol))
    .option('-u, --auth <user:password>', 'authenticate with Basic; see Environment')
    .option('-L, --location', 'follow redirects; credentials are sent to the first origin only')
    .option(
      '--connect-to <host:port>',
      'connect to this host and port in place of those of the address',
      parseConnectTo,
    )
    .option('--servername <name>', 'request and expect the certificate for this name (SNI)', parseServername)
    .option('-k, --insecure', 'accept any certificate of the server, such as a self-signed one')
    .option('--ca <file>', 'trust only the certificates in this PEM file')
    .option('--cert <file>', 'client certificate, a PEM file')
    .option('--key <file>', 'private key of --cert, a PEM file')
    .option(
      '--passphrase <passphrase>',
      'passphrase of --key; a terminal asks for it if it is missing; see Environment',
    )
    .option('--http2', 'open the WebSocket over HTTP/2 (RFC 8441); wss:// only')
    .option(
      '-x, --proxy <url>',
      'connect through this HTTP or SOCKS5 proxy; see Environment',
      confidential(command, '--proxy', parseProxy, redacted),
    )
    .option('--no-proxy', 'connect without a proxy, even if the environment names one')
    .option('--compress', 'offer permessage-deflate')
    .addOption(durationOption('--connect-timeout <time>', 'give up connecting after this time; 0: no limit', '30s'));
}

function staying(command: Command): void {
  command
    .option(
      '--reconnect [times]',
      'reconnect when the connection is lost, at most this many times in a row (default: no limit)',
      parseCount,
    )
    .addOption(
      durationOption(
        '--reconnect-delay <time>',
        'wait up to this long before the first attempt; the delay doubles with each attempt',
        '1s',
      ),
    )
    .addOption(
      durationOption(
        '--silence-timeout <time>',
        'treat the connection as lost after this time without a byte; 0: never',
        '0',
      ),
    )
    .addOption(durationOption('--ping-interval <time>', 'send a ping at this interval; 0: never', '0'))
    .option('--close-status-code <n>', 'close with this status (default: 1000)', parseCloseCode)
    .option('--close-reason <text>', 'close with this reason', parseCloseReason);
}

function showing(command: Command): void {
  command
    .option('--show-handshake', 'show the request and the response with all headers')
    .option('--show-frames', 'show every frame in both directions')
    .option('--json', 'print one JSON object per event')
    .addOption(new Option('--timestamps', 'begin each line with the time of day').conflicts(['json', 'output']));
}

function piping(command: Command): void {
  command
    .addOption(
      new Option('--execute <message>', 'send this message first, then prompt or read stdin; may be repeated')
        .argParser(repeated((text) => text))
        .conflicts(MEASURING),
    )
    .option('--binary', 'send binary messages; lines of stdin are hexadecimal')
    .addOption(
      new Option('--input <format>', 'format of stdin (default: lines)').choices(INPUT_FORMATS).conflicts(MEASURING),
    )
    .addOption(
      new Option('--output <format>', 'format of stdout (default: lines)')
        .choices(OUTPUT_FORMATS)
        .conflicts([...MEASURING, 'json']),
    )
    .addOption(
      new Option('-0, --null', 'separate messages on stdin and stdout by NUL in place of LF').conflicts(MEASURING),
    )
    .addOption(
      new Option('--verify', 'compare every echo with its message; exit code 4 if one differs').conflicts('echo'),
    )
    .addOption(
      new Option('--no-echo', 'the server does not answer each message with one message: wait for the quiet period'),
    )
    .addOption(
      durationOption(
        '--quiet-period <time>',
        'after the end of stdin, stop waiting for echoes when none has arrived for this time; 0: never',
        '5s',
      ),
    );
}

function measuring(command: Command): void {
  const exclusive = (option: Option): Option => option.conflicts('bench');
  command
    .addOption(
      exclusive(new Option('-c, --count <n>', 'number of messages (default: until Ctrl+C)').argParser(parseCount)),
    )
    .addOption(
      exclusive(
        new Option(
          '-i, --interval <time>',
          'interval between messages (default: 1s); 0: send after each echo',
        ).argParser(parseTime),
      ),
    )
    .option('-s, --size <bytes>', 'size of each message (default: 32), also for --bench', parseMessageSize);
}

function loading(command: Command): void {
  const load = (flags: string, description: string): Option => new Option(flags, description).implies({ bench: true });
  command
    .addOption(
      new Option('--bench', 'send as fast as echoes arrive, or at --rate').conflicts([
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
    .addOption(load('--connections <n>', 'number of connections (default: 10)').argParser(parseCount))
    .addOption(
      load('--in-flight <n>', 'messages in flight on each connection (default: 1)')
        .argParser(parseCount)
        .conflicts('rate'),
    )
    .addOption(
      load('--rate <n>', 'messages a second on all connections together, however slow the echoes are').argParser(
        parseRate,
      ),
    )
    .addOption(load('--duration <time>', 'how long to send (default: 10s)').argParser(parseTime));
}

function durationOption(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).argParser(parseTime).default(parseTime(standard), standard);
}

/** Wraps a parser whose text may hold a secret: its error shows the redacted text. */
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
      if (!(error instanceof InvalidArgumentError)) {
        throw error;
      }
      return command.error(`error: ${name} is "${shown(text)}". ${error.message}`);
    }
  };
}

/** A header without its value. */
function headerName(text: string): string {
  return text.replace(/[:\s].*$/s, '…');
}

/** Removes the value of an unknown option from an error. It may be a secret, as in --pasword=secret. */
function withoutValue(error: string): string {
  return error.replace(/^(error: unknown option '(?:--[\w-]+|-\w))[^]*?'$/m, "$1'");
}

/** Wraps a parser for an option that may be repeated. */
function repeated<T>(parse: (text: string) => T): (text: string, previous?: readonly T[]) => readonly T[] {
  return (text, previous = []) => [...previous, parse(text)];
}
