import type { LabRequest } from '../../../src/lab/peer/lab-request.js';
import { exampleQuery } from '../../../src/lab/lab-page.js';
import { FRAME_FAULTS } from '../../../src/lab/script/frame-faults.js';
import { LAB_PARAMETER_NAMES, labParameter } from '../../../src/lab/script/parameters.js';
import { readScript } from '../../../src/lab/script/read-script.js';

const limits = { maxTime: 60_000, maxBytes: 1024 ** 3 };

function handshake(httpVersion: '1.1' | '2', requestedExtensions?: string): LabRequest {
  return { httpVersion, requestedExtensions } as LabRequest;
}

function read(query: string, request?: LabRequest): unknown {
  return readScript(new URLSearchParams(query), limits, request);
}

describe('A script', () => {
  it('has the values of the query, in the grammar of the options', () => {
    expect(read('HANDSHAKE-DELAY=1.5 s&frame=8100&frame=FF&fragment=1 KiB&count=2&echo=False&close=Empty')).toEqual({
      'handshake-delay': 1500,
      frame: [Buffer.from('8100', 'hex'), Buffer.from('ff', 'hex')],
      fragment: 1024,
      count: 2,
      echo: false,
      close: 'empty',
    });
  });

  it.each([
    ['close=x', 'close is "x"; accepted: empty, or a whole number from 0 to 65535'],
    ['clos=1000', '"clos" is not a parameter; accepted: handshake-delay, '],
    ['echo=constructor', 'echo is "constructor"; accepted: true or false'],
    ['close=1000&close=1001', 'close occurs 2 times; accepted: once'],
    ['close=1000&CLOSE=1001', 'close occurs 2 times; accepted: once'],
    ['close=0x3e8', 'close is "0x3e8"'],
    ['size=1KB&count=1', 'size is "1KB"; accepted: a size such as 4096, 64KiB, 1MiB or 1GiB'],
    ['after=soon&close=1000', 'after is "soon"; accepted: a duration such as 500ms'],
    ['after=2m&close=1000', 'after is "2m"; accepted: at most 60000 ms (LAB_MAX_TIME)'],
    ['count=1000000&size=1GiB', 'accepted: at most 1073741824 (LAB_MAX_BYTES)'],
    ['frame=123', 'frame is "123"; accepted: bytes as pairs of hexadecimal digits'],
    ['fault=none', 'fault is "none"; accepted: rsv1, '],
    ['status=101', 'status is 101, which accepts the handshake'],
    ['status=99', 'status is "99"; accepted: a whole number from 100 to 999'],
  ])('with %s is an error that states the accepted values', (query, message) => {
    expect(() => read(query)).toThrow(message);
  });

  it.each([
    ['reason=bye', 'reason has an effect only together with close'],
    ['pong=never&pong-delay=1s', 'pong-delay has an effect only together with pong=late'],
    ['close-reply=1000&close-reply-delay=1s', 'close-reply-delay has an effect only together with close-reply=late'],
    ['coalesce=true', 'coalesce has an effect only together with frame or fault'],
    ['echo=false&echo-delay=1s', 'echo-delay and echo=false contradict each other'],
    ['read=0&after-messages=1&close=1000', 'after-messages and read=0 contradict each other'],
    ['read=0&pong=late', 'pong and read=0 contradict each other'],
    ['channel=a&drop-every=2', 'channel and drop-every contradict each other'],
    ['close=empty&reason=bye', 'reason and close=empty contradict each other'],
    ['status=503&frame=81', 'frame and status contradict each other: no WebSocket opens'],
    ['status=503&subprotocol=a', 'subprotocol and status contradict each other'],
    ['status=204&body=text', 'body and status=204 contradict each other: such a response has no body'],
    ['status=100&informational=103', 'informational and status=100 contradict each other'],
    ['handshake-delay=never&cookie=a=b', 'cookie and handshake-delay=never contradict each other'],
    ['handshake-cut=0&close=1000', 'close and handshake-cut contradict each other: no WebSocket opens'],
    ['handshake-split=9&handshake-rate=9', 'handshake-split and handshake-rate contradict each other'],
    ['goaway=1&rst-stream=1', 'goaway and rst-stream contradict each other'],
    ['fault=stall-header&fault=rsv1', 'fault=rsv1 and fault=stall-header contradict each other: nothing is sent after'],
    ['fault=cut-payload&close=1000', 'close and fault=cut-payload contradict each other'],
    ['end=1s&close=1000&after=1s', 'after and end contradict each other: the connection ends before'],
    ['abort=1s&end=1s', 'end and abort contradict each other: the connection ends before'],
    ['abort=1s&ping-every=2s', 'ping-every and abort contradict each other: the connection ends before'],
    ['drop-every=2&double-every=4', 'double-every and drop-every=2 contradict each other'],
    ['double-every=4&reorder-every=2', 'double-every and reorder-every=2 contradict each other'],
    ['drop-every=1&reorder-every=3', 'reorder-every and drop-every=1 contradict each other'],
    ['coalesce=true&close=1000&after=1s', 'coalesce and a late close contradict each other'],
    ['coalesce=true&frame=8100&write-rate=1', 'coalesce and write-rate contradict each other'],
    [
      'close=1000&messages-after-close=1&coalesce-close=true&write-rate=1',
      'coalesce-close and write-rate contradict each other',
    ],
  ])('with %s is an error', (query, message) => {
    expect(() => read(query)).toThrow(message);
  });

  it.each([
    'echo=true&status=503',
    'obs-fold=false&status=503',
    'status=401&www-authenticate=Basic&subprotocol=chat&close=4000',
    'handshake-delay=never&abort=1s',
    'end=1s&abort=2s&close=1000&after=500ms',
    'drop-every=2&double-every=3',
    'double-every=3&reorder-every=2',
    'abort=1s&echo-delay=2s',
    'pong=late&pong-delay=5s&end=2s',
    'coalesce=true&frame=8100&close=1000&after=1s',
    'fault=rsv1&fault=stall-header&pong=never&id=one',
  ])('may have %s', (query) => {
    expect(() => read(query)).not.toThrow();
  });

  it.each([
    ['a line break in a header', 'header=X-Lab-A: 1%0d%0aSet-Cookie: a=b'],
    ['a line break in Location', 'status=302&location=/a%0d%0ab'],
    ['a line break in WWW-Authenticate', 'status=401&www-authenticate=Basic%0d%0aX: 1'],
    ['a line break in a cookie', 'cookie=a=b%0d%0aX: 1'],
    ['attributes in a cookie', 'cookie=a=b; Path=/'],
    ['a line break in a subprotocol', 'subprotocol=a%0d%0ab'],
    ['a line break in extensions', 'extensions=a%0ab'],
    ['a line break at the end', 'status=302&location=/a%0a'],
    ['a header of another name', 'header=Content-Type: text/html'],
    ['a header that nginx obeys', 'header=X-Accel-Redirect: /etc/'],
    ['a redirect to a script', 'status=302&location=javascript:alert(1)'],
    ['a redirect to data', 'status=302&location=data:text/html,x'],
    ['a redirect to a script after a control character', 'status=302&location=%01javascript:alert(1)'],
  ])('cannot have %s', (_, query) => {
    expect(() => read(query)).toThrow('accepted: ');
  });
});

describe('A status', () => {
  it('of 2xx is refused over HTTP/2, where it would open the WebSocket', () => {
    expect(() => read('status=204', handshake('2'))).toThrow('accepted over HTTP/2');
  });
});

describe('Every parameter', () => {
  it.each(LAB_PARAMETER_NAMES)('%s has a valid example', (name) => {
    expect(() => read(exampleQuery(name))).not.toThrow();
  });

  it.each(LAB_PARAMETER_NAMES)('%s is refused over the version of HTTP that cannot have it, and says why', (name) => {
    const [version, reason] = labParameter(name).only ?? [];
    for (const httpVersion of ['1.1', '2'] as const) {
      const reading = (): unknown => read(exampleQuery(name), handshake(httpVersion));
      if (version === undefined || version === httpVersion) {
        expect(reading).not.toThrow();
      } else {
        expect(reading).toThrow(`${name} is not possible over HTTP/${httpVersion}: ${reason}`);
      }
    }
  });
});

describe('Every fault', () => {
  it.each(Object.entries(FRAME_FAULTS))(
    '%s needs an offer of permessage-deflate only where it is compressed',
    (name, fault) => {
      const offering = handshake('1.1', 'permessage-deflate; client_max_window_bits');
      expect(() => read(`fault=${name}`, offering)).not.toThrow();
      const plain = (): unknown => read(`fault=${name}`, handshake('1.1'));
      if ('compressed' in fault) {
        expect(plain).toThrow('needs a client that offers permessage-deflate');
      } else {
        expect(plain).not.toThrow();
      }
    },
  );
});
