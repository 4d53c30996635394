import {
  mayReceiveCloseStatus,
  maySendCloseStatus,
  WebSocketCloseStatus,
} from '../../../../libs/websockets/src/protocol/close-status.js';

const legal = (status: number): boolean =>
  [1000, 1001, 1002, 1003].includes(status) || (status >= 1007 && status <= 1014) || (status >= 3000 && status < 5000);

describe('A close status', () => {
  it('may be received and sent according to RFC 6455 section 7.4 and the IANA registry', () => {
    const all = Array.from({ length: 65536 }, (_, status) => status);
    expect(all.filter(mayReceiveCloseStatus)).toEqual(all.filter(legal));
    expect(all.filter(maySendCloseStatus)).toEqual(all.filter(legal));
  });

  it.each([NaN, 1000.5, -1, Infinity])('may not be %d', (status) => expect(maySendCloseStatus(status)).toBe(false));

  it('is valid if it has a name', () => {
    for (const status of Object.values(WebSocketCloseStatus)) {
      expect(maySendCloseStatus(status)).toBe(true);
    }
  });
});
