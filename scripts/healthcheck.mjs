// The container's health check: exits with 0 when the server answers GET /health/ready with 200, else with 1. It runs in
// Node.js, because the slim image has no curl, and asks at the first address that the server was told to listen on.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

const { URLS = '', PORT = '', PROXY_PROTOCOL = '' } = process.env;
const firstUrl = URLS.split(';').find((url) => url.trim() !== '') ?? `http://localhost:${PORT.trim() || 5000}`;
const [, path] = /^http:\/\/unix:(\/.+)$/i.exec(firstUrl.trim()) ?? [];
const url = new URL('/health/ready', path === undefined ? firstUrl : 'http://localhost');
// "Every address" is not an address to connect to.
if (['0.0.0.0', '[::]', '*', '+'].includes(url.hostname)) {
  url.hostname = 'localhost';
}
const isSecure = url.protocol === 'https:';

// The certificate may be for another name: this asks whether the server lives, not who it is.
const options = { socketPath: path, rejectUnauthorized: false };
if (PROXY_PROTOCOL.trim().toLowerCase() === 'true') {
  options.createConnection = () => {
    const port = url.port || (isSecure ? 443 : 80);
    const socket = net.connect(path === undefined ? { host: url.hostname.replace(/[[\]]/g, ''), port } : { path });
    socket.write('PROXY UNKNOWN\r\n');
    return isSecure ? tls.connect({ socket, rejectUnauthorized: false }) : socket;
  };
}
const request = (isSecure ? https : http).get(url, options);
request.on('response', ({ statusCode }) => {
  if (statusCode !== 200) {
    process.stderr.write(`${firstUrl} answered ${statusCode}\n`);
  }
  process.exit(statusCode === 200 ? 0 : 1);
});
request.on('error', ({ message }) => {
  process.stderr.write(`${firstUrl} did not answer: ${message}\n`);
  process.exit(1);
});
