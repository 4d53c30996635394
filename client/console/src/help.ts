import { AUTH_VARIABLE, TOKEN_VARIABLE } from './connection/connect-options.js';
import { PASSPHRASE_VARIABLE } from './connection/tls-options.js';

/** The help after the list of options. */
export const HELP = `
On a terminal the client prompts for messages; /help lists its commands. In a
pipe each line of stdin is sent as a message, and each message that arrives is a
line of stdout.

With --input json each line is {"text": "…"}, {"binary": "00ff"}, {"ping": "…"}
or {"close": 4000, "reason": "…"}. With --input message the whole of stdin is
one message; with --input chunks each chunk that is read is one. They are text,
or any bytes with --binary.

Times are 500ms, 1.5s, 2m, 1h or milliseconds; sizes are bytes, 64KiB, 1MiB or
1GiB.

Environment:
  ${AUTH_VARIABLE}        user:password, as in --auth
  ${TOKEN_VARIABLE}       a bearer token; used if no user is given
  ${PASSPHRASE_VARIABLE}  the passphrase of --key
  HTTP_PROXY, HTTPS_PROXY  the proxy for ws:// and for wss://; ALL_PROXY for
                           both
  NO_PROXY                 hosts, domains and networks without a proxy;
                           this machine never has one
  NO_COLOR, FORCE_COLOR    no colours, or colours without a terminal

Exit codes:
  0  success
  1  the command line or a line of stdin is invalid
  2  the connection could not be opened, or was refused
  3  the connection was lost, or the server closed it with a status other than
     1000 or before everything was sent, or stdout could not be written
  4  no message had an echo; with --verify, an echo was wrong or missing
  130  Ctrl+C before the connection was open, or a second time

Examples:
  nest-ws-echo client ws://localhost:5000/ws
  echo hello | nest-ws-echo client ws://localhost:5000/ws
  nest-ws-echo client wss://localhost:5001/ws --http2 -k --show-handshake
  nest-ws-echo client ws://localhost:5000/ws --count 5 --verify
  nest-ws-echo client ws://localhost:5000/ws --rate 5000 --duration 30s`;
