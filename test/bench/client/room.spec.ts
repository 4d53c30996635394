import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { connectOverHttp1 } from '../../../bench/client/connect-to.js';
import { Room } from '../../../bench/client/room.js';
import type { RoomEvent, Said } from '../../../bench/envelope.js';

const MEMBERS = 5;
const MESSAGES = 100;

let server: WebSocketServer;

afterEach(() => {
  server.clients.forEach((client) => client.terminate());
  server.close();
});

/** What a server may do wrong: it gets each event and each member that is to hear it, in the order of their coming. */
type Tell = (member: WebSocket, event: Said, index: number) => void;

const send = (member: WebSocket, event: RoomEvent) => member.send(JSON.stringify(event));

/** A room on a server that tells what is said in its own way. Nobody is told who comes, unless `greets`. */
async function openRoom(tell: Tell, inFlight = 3): Promise<Room> {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const members: WebSocket[] = [];
  server.on('connection', (socket) => {
    const you = String(members.push(socket));
    send(socket, { type: 'welcome', room: 'test', you, name: you, members: members.length });
    members.forEach((member) => send(member, { type: 'joined' }));
    socket.on('message', (data: Buffer) => {
      const event: Said = { type: 'message', id: 'x', from: you, name: you, text: data.toString(), at: '' };
      members.forEach((member, index) => tell(member, event, index));
    });
  });
  const { port } = server.address() as AddressInfo;
  const target = { host: '127.0.0.1', port, path: '/', protocol: 'http', takesEvents: false } as const;
  const room = new Room(connectOverHttp1(target), 200, inFlight);
  await room.join(MEMBERS);
  return room;
}

async function speak(room: Room) {
  room.speak(MESSAGES);
  await room.allHeard();
  return room.outcome();
}

/** Which message of the load it is. */
const numberOf = ({ text }: Said) => Number(text.slice(0, 10));
const isThe50th = (event: Said, index: number) => index === 3 && numberOf(event) === 50;

describe('Room', () => {
  it.each([1, 3, 8])('finds nothing wrong when all hear all, with %d messages on their way', async (inFlight) => {
    const room = await openRoom(send, inFlight);
    expect(await speak(room)).toEqual({ failures: 0 });
    expect(room.deliveries).toBe((MESSAGES + 1) * MEMBERS);
    expect(room.takeLatency().p50).toBeGreaterThan(0);
  });

  it('says a message when all have heard the one so many before it, and no sooner', async () => {
    const inFlight = 4;
    const early: number[] = [];
    const room: Room = await openRoom((member, event, index) => {
      const number = numberOf(event);
      if (index === 0 && number >= inFlight && room.deliveries < (number - inFlight + 1) * MEMBERS) {
        early.push(number);
      }
      send(member, event);
    }, inFlight);
    expect(await speak(room)).toEqual({ failures: 0 });
    expect(early).toEqual([]);
  });

  it('takes a message in any number of frames', async () => {
    const room = await openRoom((member, event) => {
      const text = JSON.stringify(event);
      member.send(text.slice(0, 20), { fin: false });
      member.send(text.slice(20), { fin: true });
    });
    expect(await speak(room)).toEqual({ failures: 0 });
  });

  it.each<[string, Tell, string]>([
    [
      'another text',
      (member, event, index) =>
        send(member, isThe50th(event, index) ? { ...event, text: event.text.replace(/.$/, '!') } : event),
      'The server sent another text than was said.',
    ],
    [
      'another text for all',
      (member, event) => send(member, numberOf(event) === 50 ? { ...event, text: '' } : event),
      'The server sent another text than was said.',
    ],
    [
      'another sender',
      (member, event, index) => send(member, isThe50th(event, index) ? { ...event, from: '2' } : event),
      'The server sent another sender than the one who said it.',
    ],
    [
      'a message that comes twice',
      (member, event, index) => {
        send(member, event);
        if (isThe50th(event, index)) {
          send(member, event);
        }
      },
      'The server sent another text than was said.',
    ],
    [
      'a message that is left out',
      (member, event, index) => {
        if (!isThe50th(event, index)) {
          send(member, event);
        }
      },
      'The server sent another text than was said.',
    ],
    [
      'no JSON',
      (member, event, index) => (isThe50th(event, index) ? member.send('{') : send(member, event)),
      'The server sent a message that is no JSON.',
    ],
    [
      'bytes instead of text',
      (member, event, index) =>
        isThe50th(event, index) ? member.send(Buffer.from(JSON.stringify(event))) : send(member, event),
      'The server sent a frame of opcode 2 where 1 is due.',
    ],
    [
      'a connection that is cut',
      (member, event, index) => (isThe50th(event, index) ? member.terminate() : send(member, event)),
      'The server closed the connection.',
    ],
  ])('finds %s', async (_, tell, firstFailure) => {
    const room = await openRoom(tell);
    expect(await speak(room)).toEqual({ failures: 1, firstFailure });
  });

  it('goes on without those that are stuck, cut off or not', async () => {
    const room = await openRoom((member, event, index) =>
      index === 4 && numberOf(event) === 50 ? member.terminate() : send(member, event),
    );
    room.makeStuck(2);
    expect(await speak(room)).toEqual({ failures: 0 });
    expect(room.deliveries).toBe(MEMBERS + MESSAGES * (MEMBERS - 2));
  });

  it('stops when it is told to, once all is heard', async () => {
    const room = await openRoom(send);
    room.speak(Infinity);
    await once(server.clients.values().next().value as WebSocket, 'message');
    room.hush();
    await room.allHeard();
    expect(room.outcome()).toEqual({ failures: 0 });
    expect(room.deliveries % MEMBERS).toBe(0);
  });
});
