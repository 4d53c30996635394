// The container's health check: leaves with 0 when the server answers GET /health/ready with 200, else with 1.
// It is node itself, because the slim image has no curl, and asks the address that the server was told to listen on.
import http from 'node:http';
import https from 'node:https';

const { URLS = '', PORT = '' } = process.env;
const firstUrl = URLS.split(';').find((url) => url.trim() !== '');
const url = new URL('/health/ready', firstUrl ?? `http://localhost:${PORT.trim() || 5000}`);
// "Every interface" is no address to connect to.
if (['0.0.0.0', '[::]', '*', '+'].includes(url.hostname)) {
  url.hostname = 'localhost';
}

// The certificate may be for another name: this asks whether the server lives, not who it is.
const request = (url.protocol === 'https:' ? https : http).get(url, { rejectUnauthorized: false });
request.on('response', ({ statusCode }) => {
  if (statusCode !== 200) {
    process.stderr.write(`${url.href} answered ${statusCode}\n`);
  }
  process.exit(statusCode === 200 ? 0 : 1);
});
request.on('error', ({ message }) => {
  process.stderr.write(`${url.href} did not answer: ${message}\n`);
  process.exit(1);
});
