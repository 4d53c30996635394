import { z } from 'zod';

/** The longest event or id that is sent back, in characters. */
const MAX_NAME_LENGTH = 100;

/** The id of a call. Its answer, or its exception, has the same id. */
const id = z.union([z.string().max(MAX_NAME_LENGTH), z.number()]).optional();

/** The events that a client may send, with the schemas of their data. */
export const calls = {
  // Bounded, because the sum must not be Infinity, which JSON does not have.
  add: z.strictObject({ id, numbers: z.array(z.number().min(-1e12).max(1e12)).max(1000) }),
  reverse: z.strictObject({ id, text: z.string().max(1000) }),
  // `data` may be missing or null.
  time: z.preprocess((data) => data ?? {}, z.strictObject({ id })),
  'ask-client': z.strictObject({
    id,
    question: z.string().max(1000),
    timeout: z.int().min(1).max(60_000).default(10_000).describe('how long the answer may take, in ms'),
  }),
  answer: z.strictObject({ id: z.int(), answer: z.string().max(1000) }),
};

/** The validated data of an event. */
export type Call<Event extends keyof typeof calls> = z.output<(typeof calls)[Event]>;

/** The id in the data of a message that may be invalid. */
export function idOf(data: unknown): string | number | undefined {
  return z.object({ id }).safeParse(data).data?.id;
}

/** The event of a message that may be invalid. */
export function eventOf(message: unknown): string | undefined {
  return z.object({ event: z.string().max(MAX_NAME_LENGTH) }).safeParse(message).data?.event;
}
