import {
  mayReceiveCloseStatus,
  maySendCloseStatus,
  WebSocketCloseStatus,
} from '../../../src/websockets/protocol/close-status.js';

const legal = (status: number): boolean =>
  [1000, 1001, 1002, 1003].includes(status) || (status >= 1007 && status <= 1014) || (status >= 3000 && status < 5000);

describe('close statuses', () => {
  it('may be received and sent as RFC 6455 section 7.4 and the registry of IANA say', () => {
    for (let status = 0; status < 65536; status++) {
      expect(mayReceiveCloseStatus(status)).toBe(legal(status));
      expect(maySendCloseStatus(status)).toBe(legal(status));
    }
  });

  it.each([NaN, 1000.5, -1, Infinity])('may not be %d', (status) => expect(maySendCloseStatus(status)).toBe(false));

  it('are all legal where they have a name', () => {
    for (const status of Object.values(WebSocketCloseStatus)) {
      expect(maySendCloseStatus(status)).toBe(true);
    }
  });
});
