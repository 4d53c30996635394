import { EventEmitter } from 'node:events';

/** An event as browsers have it. Which of its properties there are depends on its type. */
export interface ClientEvent {
  readonly type?: string;
  readonly target?: unknown;
  /** Of a message: a string, or bytes as `binaryType` says. */
  readonly data?: unknown;
  /** Of a close: its status. */
  readonly code?: number;
  /** Of a close. */
  readonly reason?: string;
  /** Of a close: whether it came as a close frame. */
  readonly wasClean?: boolean;
  readonly error?: unknown;
}

/** An object that browsers call with an event. */
export interface EventListenerObject {
  // A method, not a property: so a listener may say more of its event than is known here, as the type of `data`.
  handleEvent(event: ClientEvent): unknown;
}

/** What browsers call with an event: a function, or an object with a method for it. */
export type EventListener = EventListenerObject['handleEvent'] | EventListenerObject;

/** What stands for a listener among those of an EventEmitter. */
type Wrapper = (...args: unknown[]) => unknown;

/** The listeners that were given to `addEventListener`, by what stands for them. */
const added = new WeakMap<object, EventListener>();

/**
 * An EventEmitter that takes listeners as browsers do, too, by `addEventListener` and `onmessage = ...`; what `ws` gives
 * its clients.
 */
export class EventTargetEmitter extends EventEmitter {
  /** What was assigned to `onmessage` and its like, by the type of the event. */
  private readonly assigned = new Map<string, { readonly listener: EventListener; readonly wrapper: Wrapper }>();

  /** Is never called: a server's client is open from the start. */
  get onopen(): EventListener | null {
    return this.assignedTo('open');
  }

  set onopen(listener: EventListener | null) {
    this.assign('open', listener);
  }

  /** Called with each message as `data`: a string, or bytes. */
  get onmessage(): EventListener | null {
    return this.assignedTo('message');
  }

  set onmessage(listener: EventListener | null) {
    this.assign('message', listener);
  }

  /** Called once, with `code`, `reason` and `wasClean`. */
  get onclose(): EventListener | null {
    return this.assignedTo('close');
  }

  set onclose(listener: EventListener | null) {
    this.assign('close', listener);
  }

  /** Is never called: what ends a connection is told by `close`. */
  get onerror(): EventListener | null {
    return this.assignedTo('error');
  }

  set onerror(listener: EventListener | null) {
    this.assign('error', listener);
  }

  /** As in browsers; `type` is `message` or `close`. */
  addEventListener(type: string, listener: EventListener, { once = false }: { once?: boolean } = {}): void {
    if (this.wrapperOf(type, listener) === undefined) {
      const wrapper = this.wrap(type, listener);
      added.set(wrapper, listener);
      this[once ? 'once' : 'on'](type, wrapper);
    }
  }

  removeEventListener(type: string, listener: EventListener): void {
    const wrapper = this.wrapperOf(type, listener);
    if (wrapper !== undefined) {
      this.off(type, wrapper);
    }
  }

  private wrapperOf(type: string, listener: EventListener): Wrapper | undefined {
    return (this.listeners(type) as Wrapper[]).find((one) => added.get(one) === listener);
  }

  private wrap(type: string, listener: EventListener): Wrapper {
    return (...args) => {
      const event = { type, target: this, ...eventOf(type, args) };
      return typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
    };
  }

  private assignedTo(type: string): EventListener | null {
    return this.assigned.get(type)?.listener ?? null;
  }

  private assign(type: string, listener: EventListener | null): void {
    const before = this.assigned.get(type);
    if (before !== undefined) {
      this.off(type, before.wrapper);
      this.assigned.delete(type);
    }
    if (typeof listener === 'function') {
      const wrapper = this.wrap(type, listener);
      this.assigned.set(type, { listener, wrapper });
      this.on(type, wrapper);
    }
  }
}

/** What browsers call the arguments of an event. */
function eventOf(type: string, [first, second]: unknown[]): ClientEvent {
  switch (type) {
    case 'message':
      return { data: second === true ? first : String(first) };
    case 'close':
      return { code: first as number, reason: String(second), wasClean: first !== 1006 };
    default:
      return { error: first };
  }
}
