import { Echoes } from '../../../../client/console/src/session/echoes.js';
import type { Message } from '../../../../client/console/src/message.js';

const text = (data: string): Message => ({ data: Buffer.from(data), binary: false });
const binary = (data: string): Message => ({ data: Buffer.from(data), binary: true });

describe('Echoes', () => {
  it('answer the oldest message without an answer', () => {
    const echoes = new Echoes(true, true);
    echoes.send(text('a'));
    echoes.send(text('b'));

    expect(echoes.receive(text('a'))).toEqual({ roundTrip: expect.any(Number), difference: undefined });
    expect(echoes.receive(text('x'))).toMatchObject({ difference: 'from byte 0 on: "b" became "x"' });
    expect(echoes).toMatchObject({ sent: 2, received: 2, differed: 1, lost: 0, outstanding: 0 });
  });

  it('are lost with their connection', () => {
    const echoes = new Echoes(true, false);
    echoes.send(text('a'));
    echoes.send(text('b'));
    echoes.receive(text('a'));

    expect(echoes.giveUp()).toBe(1);
    echoes.send(text('c'));
    expect(echoes.receive(text('c')).roundTrip).toBeDefined();
    expect(echoes).toMatchObject({ sent: 3, received: 2, lost: 1, outstanding: 0 });
  });

  it('are not expected from a server that does not echo', () => {
    const echoes = new Echoes(false, false);
    echoes.send(text('a'));

    expect(echoes.receive(text('x'))).toEqual({ roundTrip: undefined, difference: undefined });
    expect(echoes).toMatchObject({ sent: 1, received: 1, outstanding: 0 });
    expect(echoes.giveUp()).toBe(0);
  });

  it.each([
    [text('hello'), text('hello'), undefined],
    [text('hello'), text('help!'), 'from byte 3 on: "lo" became "p!"'],
    [text('hello'), text('hel'), 'from byte 3 on: "lo" became nothing, 5 bytes became 3'],
    [text('hel'), text('hello'), 'from byte 3 on: nothing became "lo", 3 bytes became 5'],
    [text('grüße'), text('größe'), 'from byte 3 on: "üße" became "öße"'],
    [text(`${'x'.repeat(15)}ü`), text('y'), `from byte 0 on: "${'x'.repeat(15)}" became "y", 17 bytes became 1`],
    [binary('hello'), binary('hellp'), 'from byte 4 on: 6f became 70'],
    [text('hello'), binary('hello'), 'it was text and came back as binary'],
    [binary('hello'), text('hello'), 'it was binary and came back as text'],
    [undefined, text('hello'), 'it was received although every message had its echo'],
  ])('of %j are compared with %j', (sent, received, difference) => {
    const echoes = new Echoes(true, true);
    if (sent) {
      echoes.send(sent);
    }

    expect(echoes.receive(received).difference).toBe(difference);
  });
});
