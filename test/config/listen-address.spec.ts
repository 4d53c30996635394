import {
  formatAddress,
  parsePort,
  parseUrls,
  passedSockets,
  type ListenAddress,
} from '../../src/config/listen-address.js';

describe('A URL to listen on', () => {
  it.each([
    ['http://localhost:5000', [{ scheme: 'http', host: 'localhost', port: 5000 }]],
    ['http://localhost:5000/', [{ scheme: 'http', host: 'localhost', port: 5000 }]],
    ['HTTP://LocalHost:05000', [{ scheme: 'http', host: 'localhost', port: 5000 }]],
    ['http://127.0.0.1:0', [{ scheme: 'http', host: '127.0.0.1', port: 0 }]],
    ['http://localhost', [{ scheme: 'http', host: 'localhost', port: 80 }]],
    ['http://echo.example:65535', [{ scheme: 'http', host: 'echo.example', port: 65_535 }]],
    ['http://[::]:5000', [{ scheme: 'http', host: '[::]', port: 5000 }]],
    ['http://[::1]:5000', [{ scheme: 'http', host: '[::1]', port: 5000 }]],
    ['http://*:5000', [{ scheme: 'http', host: '*', port: 5000 }]],
    ['http://+:80', [{ scheme: 'http', host: '*', port: 80 }]],
    ['https://localhost:5001', [{ scheme: 'https', host: 'localhost', port: 5001 }]],
    ['https://localhost:5001/', [{ scheme: 'https', host: 'localhost', port: 5001 }]],
    ['HTTPS://LocalHost:5001', [{ scheme: 'https', host: 'localhost', port: 5001 }]],
    ['https://localhost', [{ scheme: 'https', host: 'localhost', port: 443 }]],
    ['https://localhost:80', [{ scheme: 'https', host: 'localhost', port: 80 }]],
    ['http://localhost:443', [{ scheme: 'http', host: 'localhost', port: 443 }]],
    ['https://*:0', [{ scheme: 'https', host: '*', port: 0 }]],
    ['http://unix:/run/x.sock', [{ path: '/run/x.sock' }]],
    ['HTTP://UNIX:/run/My App/x.sock', [{ path: '/run/My App/x.sock' }]],
    [`http://unix:/${'x'.repeat(102)}`, [{ path: `/${'x'.repeat(102)}` }]],
    [
      'http://unix:/a;https://localhost:1;http://unix:/b;http://localhost:2;https://*:3',
      [
        { path: '/a' },
        { scheme: 'https', host: 'localhost', port: 1 },
        { path: '/b' },
        { scheme: 'http', host: 'localhost', port: 2 },
        { scheme: 'https', host: '*', port: 3 },
      ],
    ],
    [
      'https://localhost:5001/;http://localhost:5000',
      [
        { scheme: 'https', host: 'localhost', port: 5001 },
        { scheme: 'http', host: 'localhost', port: 5000 },
      ],
    ],
    [
      'http://localhost:1;http://*:2',
      [
        { scheme: 'http', host: 'localhost', port: 1 },
        { scheme: 'http', host: '*', port: 2 },
      ],
    ],
    [
      ' http://localhost:1 ; http://localhost:2 ; ',
      [
        { scheme: 'http', host: 'localhost', port: 1 },
        { scheme: 'http', host: 'localhost', port: 2 },
      ],
    ],
  ])('may be %j', (text, addresses) => {
    expect(parseUrls(text)).toEqual(addresses);
  });

  it.each([
    ['', 'nothing'],
    [';', 'nothing'],
    ['localhost:5000', 'no scheme'],
    ['5000', 'no scheme'],
    ['http:localhost:5000', 'no slashes'],
    ['http://', 'no host'],
    ['http://:5000', 'no host'],
    ['http://localhost:x', 'no port number'],
    ['https://', 'no host'],
    ['http://localhost:65536', 'no port number'],
    ['http://localhost:-1', 'no port number'],
    ['http://local host:5000', 'a space'],
    ['http://localhost:5000/chat', 'a path'],
    ['http://localhost:5000//', 'a path'],
    ['http://localhost:5000?', 'a query'],
    ['http://localhost:5000#top', 'a fragment'],
    ['http://me:secret@localhost:5000', 'a user'],
    ['ws://localhost:5000', 'another scheme'],
    ['http://unix:run/x.sock', 'a relative path'],
    ['http://unix:/', 'no file'],
    ['http://unix:/run/', 'a folder'],
    ['https://unix:/run/x.sock', 'TLS on a Unix socket'],
    [`http://unix:/${'x'.repeat(103)}`, 'a path that is too long for some systems'],
    [`http://unix:/${'ü'.repeat(52)}`, 'a path that has too many bytes'],
    ['http://localhost:1;nonsense', 'one invalid URL of two'],
    ['http://localhost:1,http://localhost:2', 'a comma'],
  ])('may not be %j: %s', (text) => {
    expect(parseUrls(text)).toBeUndefined();
  });
});

describe('A port', () => {
  it.each([
    ['0', 0],
    ['80', 80],
    ['65535', 65_535],
  ])('listens on all IPv4 addresses for %j', (text, port) => {
    expect(parsePort(text)).toEqual([{ scheme: 'http', host: '0.0.0.0', port }]);
  });

  it.each(['\\\\.\\pipe\\1f2a-4c', '\\\\.\\PIPE\\iisnode', '\\\\?\\pipe\\name'])(
    'accepts %s unchanged as a named pipe',
    (text) => {
      expect(parsePort(text)).toEqual([{ path: text }]);
    },
  );

  it.each(['', '65536', '-1', '80.5', '0x50', 'http', '/tmp/echo.sock', '\\\\.\\pipe\\', 'http://localhost:5000'])(
    'may not be %j',
    (text) => {
      expect(parsePort(text)).toBeUndefined();
    },
  );
});

describe('Sockets that systemd passes', () => {
  it.each<[count: number, names: string | undefined, schemes: string[]]>([
    [0, undefined, []],
    [2, undefined, ['http', 'http']],
    [3, 'https:echo.socket:https', ['https', 'http', 'https']],
    [2, 'https', ['https', 'http']],
  ])('that are %i with the names %p are %p, from 3 on', (count, names, schemes) => {
    expect(passedSockets(count, names)).toEqual(schemes.map((scheme, i) => ({ scheme, fd: 3 + i })));
  });
});

describe('An address', () => {
  it.each<[ListenAddress, string]>([
    [{ scheme: 'http', host: 'localhost', port: 5000 }, 'http://localhost:5000'],
    [{ scheme: 'http', host: '[::1]', port: 80 }, 'http://[::1]:80'],
    [{ scheme: 'https', host: 'localhost', port: 5001 }, 'https://localhost:5001'],
    [{ path: '\\\\.\\pipe\\name' }, '\\\\.\\pipe\\name'],
    [{ path: '/run/x.sock' }, 'http://unix:/run/x.sock'],
    [{ scheme: 'http', fd: 3 }, 'the socket 3 of LISTEN_FDS'],
  ])('%j is displayed as %s', (address, text) => {
    expect(formatAddress(address)).toBe(text);
  });
});
