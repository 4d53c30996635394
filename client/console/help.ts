import { AUTH_VARIABLE, TOKEN_VARIABLE } from './connection/credentials.js';

/** What `--help` says after the options. */
export const HELP = `
On a terminal it asks for messages; /help there lists what else can be typed. In a pipe each line of stdin is a message,
and each message that comes is a line of stdout.

Times are 500ms, 30s, 2m or milliseconds; sizes are bytes, 64KiB or 1MiB.

Environment:
  ${AUTH_VARIABLE.padEnd(24)} user:password, as --auth has it
  ${TOKEN_VARIABLE.padEnd(24)} a bearer token, sent where there are no user and password
  ${'HTTPS_PROXY, HTTP_PROXY'.padEnd(24)} the proxy for wss:// and for ws://, as --proxy has it; ALL_PROXY for both
  ${'NO_PROXY'.padEnd(24)} hosts, domains and networks that need none; this machine never does
  ${'NO_COLOR, FORCE_COLOR'.padEnd(24)} no colours on a terminal either, or colours everywhere

Exit codes:
  0  done
  1  the command line or a line of stdin cannot be used
  2  could not connect, or was refused
  3  the connection was lost, or closed by the server with another status than 1000
  4  an echo differed or is missing (--verify)

Examples:
  nest-ws-echo client ws://localhost:5000/ws
  echo hello | nest-ws-echo client ws://localhost:5000/ws
  nest-ws-echo client wss://localhost:5001/ws --http2 --insecure --show-handshake
  nest-ws-echo client ws://localhost:5000/ws --count 5 --interval 200ms --verify
  nest-ws-echo client ws://localhost:5000/ws --connections 50 --rate 5000 --duration 30s`;
