import { z } from 'zod';

/** How many characters an event or an id may have that is sent back, whatever else is wrong. */
const MAX_NAME_LENGTH = 100;

/** What a call is known by: its answer, or what was wrong with it, comes back with the same id. */
const id = z.union([z.string().max(MAX_NAME_LENGTH), z.number()]).optional();

/** The events that a client may send, each with the data that belongs to it. */
export const calls = {
  // Bounded, so that the sum is a number, too: JSON has no Infinity.
  add: z.strictObject({ id, numbers: z.array(z.number().min(-1e12).max(1e12)).max(1000) }),
  reverse: z.strictObject({ id, text: z.string().max(1000) }),
  // It needs no data, and null is none, too.
  time: z.preprocess((data) => data ?? {}, z.strictObject({ id })),
  'ask-client': z.strictObject({
    id,
    question: z.string().max(1000),
    timeout: z.int().min(1).max(60_000).default(10_000).describe('how long the answer may take, in ms'),
  }),
  answer: z.strictObject({ id: z.int(), answer: z.string().max(1000) }),
};

/** The data of an event, once it is known to be right. */
export type Call<Event extends keyof typeof calls> = z.output<(typeof calls)[Event]>;

/** The id of a call that may be wrong in every way. */
export function idOf(data: unknown): string | number | undefined {
  return z.object({ id }).safeParse(data).data?.id;
}

/** The event of a message that may be wrong in every way. */
export function eventOf(message: unknown): string | undefined {
  return z.object({ event: z.string().max(MAX_NAME_LENGTH) }).safeParse(message).data?.event;
}
