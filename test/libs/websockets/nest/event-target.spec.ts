import { EventTargetEmitter, type EventListener } from '../../../../libs/websockets/src/nest/event-target.js';

/** Two ways to add a listener to what emits `message` and `close`. */
const ways: [string, (target: EventTargetEmitter, type: 'message' | 'close', listener: EventListener) => void][] = [
  ['addEventListener', (target, type, listener) => target.addEventListener(type, listener)],
  ['a property', (target, type, listener) => void (target[`on${type}`] = listener)],
];

describe('EventTargetEmitter', () => {
  let target: EventTargetEmitter;
  let events: Record<string, unknown>[];
  const listener = (event: Record<string, unknown>): void => void events.push(event);

  beforeEach(() => {
    target = new EventTargetEmitter();
    events = [];
  });

  describe.each(ways)('given a listener by %s', (_how, add) => {
    it('tells of text as a string, and of binary as bytes', () => {
      add(target, 'message', listener);
      target.emit('message', Buffer.from('té'), false);
      target.emit('message', Buffer.from('b'), true);
      expect(events).toEqual([
        { type: 'message', target, data: 'té' },
        { type: 'message', target, data: Buffer.from('b') },
      ]);
    });

    it.each([
      [4001, 'mine', true],
      [1005, '', true],
      [1006, '', false],
    ])('tells of a close with %d %j', (code, reason, wasClean) => {
      add(target, 'close', listener);
      target.emit('close', code, Buffer.from(reason));
      expect(events).toEqual([{ type: 'close', target, code, reason, wasClean }]);
    });

    it('calls it with the target as this', () => {
      let seen: unknown;
      add(target, 'message', function (this: unknown) {
        seen = this;
      });
      target.emit('message', Buffer.alloc(0), true);
      expect(seen).toBe(target);
    });
  });

  describe('addEventListener', () => {
    const emit = (data: string): boolean => target.emit('message', Buffer.from(data), false);
    const heard = (): unknown[] => events.map(({ data }) => data);

    it('adds a listener once, and removeEventListener removes it', () => {
      target.addEventListener('message', listener);
      target.addEventListener('message', listener);
      emit('1');
      target.removeEventListener('message', listener);
      target.removeEventListener('message', listener);
      emit('2');
      expect(heard()).toEqual(['1']);
    });

    it('adds one for once, which can be removed before', () => {
      target.addEventListener('message', listener, { once: true });
      emit('1');
      emit('2');
      target.addEventListener('message', listener, { once: true });
      target.removeEventListener('message', listener);
      emit('3');
      expect(heard()).toEqual(['1']);
    });

    it('takes an object with handleEvent', () => {
      const object = { handleEvent: listener };
      target.addEventListener('message', object);
      emit('1');
      target.removeEventListener('message', object);
      emit('2');
      expect(heard()).toEqual(['1']);
    });
  });

  describe.each(['onopen', 'onmessage', 'onclose', 'onerror'] as const)('%s', (name) => {
    const type = name.slice(2);
    const other = (): void => {};

    it('is null until it is assigned, and again when something is that is no function', () => {
      expect(target[name]).toBeNull();
      target[name] = listener;
      expect(target[name]).toBe(listener);
      target[name] = null;
      expect(target[name]).toBeNull();
      expect(target.listenerCount(type)).toBe(0);
    });

    it('is one listener: the last that was assigned', () => {
      target[name] = other;
      target[name] = listener;
      expect(target.listenerCount(type)).toBe(1);
      target.emit(type, 1006, '');
      expect(events).toHaveLength(1);
    });

    it('leaves those of addEventListener alone, also the same one', () => {
      target.addEventListener(type, listener);
      target[name] = listener;
      target.emit(type, 1006, '');
      expect(events).toHaveLength(2);
      target[name] = null;
      target.emit(type, 1006, '');
      expect(events).toHaveLength(3);
      target.removeEventListener(type, listener);
      expect(target.listenerCount(type)).toBe(0);
    });
  });
});
