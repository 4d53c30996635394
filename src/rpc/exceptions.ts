import { z } from 'zod';
import { calls, eventOf, idOf } from './calls.js';

/** Identifies the message at fault. */
interface Cause {
  readonly event: string | undefined;
  readonly id: string | number | undefined;
}

/** The data of the event `exception`, in the format of Nest. */
interface ExceptionData {
  readonly status: 'error';
  readonly message: string;
  readonly cause?: Cause | undefined;
}

const knownCall = z.object({ event: z.enum(Object.keys(calls)) });

/** How many issues are reported. A message of a megabyte can have hundreds of thousands. */
const MAX_ISSUES = 3;

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/** The issues as text: `numbers.1: Invalid input: expected number, received string`. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues
    .slice(0, MAX_ISSUES)
    .map(({ path = [], message }) => {
      const place = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
      return place === '' ? message : `${place}: ${message}`;
    })
    .join('; ');
}

/** The answer to a message for which Nest calls no handler; undefined for a call. */
export function exceptionFor(bytes: Buffer): ExceptionData | undefined {
  let message: unknown;
  try {
    message = JSON.parse(bytes.toString());
  } catch (error) {
    return { status: 'error', message: `The message is not JSON: ${(error as SyntaxError).message}` };
  }
  const { error } = knownCall.safeParse(message);
  if (error === undefined) {
    return undefined;
  }
  return {
    status: 'error',
    message: `The message is not a call: ${describeIssues(error.issues)}`,
    cause: causeOf(message),
  };
}

/** Undefined if the message has neither an event nor an id. */
function causeOf(message: unknown): Cause | undefined {
  const event = eventOf(message);
  const id = idOf(z.object({ data: z.unknown() }).safeParse(message).data?.data);
  return event === undefined && id === undefined ? undefined : { event, id };
}
