import { AUTH_VARIABLE, TOKEN_VARIABLE } from './connection/connect-options.js';
import { PASSPHRASE_VARIABLE } from './connection/tls-options.js';

/** What `--help` says after the options. */
export const HELP = `
On a terminal it asks for messages; /help there lists what else can be typed. In
a pipe each line of stdin is a message, and each message that comes is a line of
stdout.

With --input json it is {"text": "…"}, {"binary": "00ff"}, {"ping": "…"} or
{"close": 4000, "reason": "…"}. With --input message all of stdin is one
message, with --input chunks each chunk that is read: text, or any bytes with
--binary.

Times are 500ms, 30s, 2m or milliseconds; sizes are bytes, 64KiB or 1MiB.

Environment:
  ${AUTH_VARIABLE}        user:password, as --auth has it
  ${TOKEN_VARIABLE}       a bearer token, sent where there is no user
  ${PASSPHRASE_VARIABLE}  the passphrase of --key
  HTTP_PROXY, HTTPS_PROXY  the proxy for ws:// and for wss://; ALL_PROXY for
                           both
  NO_PROXY                 hosts, domains and networks that are reached
                           directly, as this machine always is
  NO_COLOR, FORCE_COLOR    no colours, or colours even without a terminal

Exit codes:
  0  done
  1  the command line or a line of stdin cannot be used
  2  could not connect, or was refused
  3  the connection was lost, or the server closed it with another status than
     1000, or before all was sent; or stdout cannot be written
  4  no message had an echo; with --verify, an echo differed or is missing
  130  Ctrl+C before there was a connection, or a second time

Examples:
  nest-ws-echo client ws://localhost:5000/ws
  echo hello | nest-ws-echo client ws://localhost:5000/ws
  nest-ws-echo client wss://localhost:5001/ws --http2 -k --show-handshake
  nest-ws-echo client ws://localhost:5000/ws --count 5 --verify
  nest-ws-echo client ws://localhost:5000/ws --rate 5000 --duration 30s`;
