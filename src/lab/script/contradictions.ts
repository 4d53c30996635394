import { offersDeflate, type LabRequest } from '../peer/lab-request.js';
import { frameFault } from './frame-faults.js';
import { LAB_PARAMETER_NAMES, labParameter, type LabParameterName, type LabScript } from './parameters.js';

/** Statuses without a body (RFC 9110 section 6.4.1). */
const isWithoutBody = (status: number): boolean => status < 200 || [204, 205, 304].includes(status);

/** Parameters that send nothing, so that they have an effect also after the last frame. */
const SENDING_NOTHING: readonly LabParameterName[] = ['read', 'echo', 'write-rate', 'keep-open', 'end', 'abort', 'id'];

/**
 * The contradictions of a script. Each of its parameters is valid by itself.
 *
 * @param maxBytes how many bytes a connection is sent at most
 * @param request the handshake; undefined for the page
 */
export function contradictions(script: LabScript, maxBytes: number, request: LabRequest | undefined): string[] {
  const names = LAB_PARAMETER_NAMES.filter(
    (name) => script[name] !== undefined && script[name] !== labParameter(name).neutral,
  );
  return [
    ...names.flatMap((name) => contradictionsOf(name, script, names, request)),
    ...withoutWebSocket(names, script),
    ...afterLastFault(names, script),
    ...afterTheEnd(script),
    ...neverInTurn(script),
    ...badAmounts(script, maxBytes, request),
  ];
}

/** The contradictions that the entry of a parameter in the table states. */
function contradictionsOf(
  name: LabParameterName,
  script: LabScript,
  names: readonly LabParameterName[],
  request: LabRequest | undefined,
): string[] {
  const { needs, excludes = [], only } = labParameter(name);
  /** Whether the script has a parameter, or a parameter with a value: `pong=late`. */
  const has = (entry: string): boolean => {
    const [other, value] = entry.split('=') as [LabParameterName, string | undefined];
    return value === undefined ? names.includes(other) : String(script[other]) === value;
  };
  const faults = excludes
    .filter((other) => (other === 'status' ? isAlwaysRefused(script) : has(other)))
    .map((other) => `${name} and ${other} contradict each other`);
  if (needs !== undefined && !needs.some(has)) {
    faults.push(`${name} has an effect only together with ${needs.join(' or ')}`);
  }
  if (only !== undefined && request !== undefined && (request.httpVersion === '2') !== (only[0] === '2')) {
    faults.push(`${name} is not possible over HTTP/${request.httpVersion}: ${only[1]}`);
  }
  return faults;
}

/** Whether no handshake is accepted, not even one with credentials. */
function isAlwaysRefused(script: LabScript): boolean {
  return script.status !== undefined && script['www-authenticate'] === undefined;
}

/** The parameters that have no effect because no handshake is accepted. */
function withoutWebSocket(names: readonly LabParameterName[], script: LabScript): string[] {
  const [refusal, possible] =
    script['handshake-delay'] === 'never'
      ? ['handshake-delay=never', ['handshake-delay', 'id', 'end', 'abort']]
      : script['rst-stream'] !== undefined
        ? ['rst-stream', ['handshake-delay', 'informational', 'rst-stream', 'id']]
        : script.goaway !== undefined
          ? ['goaway', ['handshake-delay', 'informational', 'goaway', 'id']]
          : script['handshake-cut'] !== undefined
            ? ['handshake-cut', [...ofGroup('handshake'), 'id']]
            : isAlwaysRefused(script)
              ? ['status', [...ofGroup('handshake'), 'id']]
              : [undefined, []];
  return refusal === undefined
    ? []
    : names
        .filter((name) => !possible.includes(name))
        .map((name) => `${name} and ${refusal} contradict each other: no WebSocket opens`);
}

function ofGroup(group: string): string[] {
  return LAB_PARAMETER_NAMES.filter((name) => labParameter(name).group === group);
}

/** The parameters that have no effect because a fault stalls within a frame or ends the connection. */
function afterLastFault(names: readonly LabParameterName[], { fault = [], pong, ...script }: LabScript): string[] {
  const last = fault.findIndex((name) => frameFault(name).afterwards !== undefined);
  if (last < 0) {
    return [];
  }
  const later = names.filter(
    (name) =>
      ['messages', 'closing'].includes(labParameter(name).group) &&
      !SENDING_NOTHING.includes(name) &&
      !(name === 'pong' && pong === 'never') &&
      !(name === 'close-reply' && script['close-reply'] === 'never'),
  );
  return [...fault.slice(last + 1).map((name) => `fault=${name}`), ...later].map(
    (name) => `${name} and fault=${fault[last]} contradict each other: nothing is sent after that fault`,
  );
}

/** Parameters that act this long after the handshake at the earliest, and do nothing before. */
const DELAYS = ['ping-every', 'pong-every', 'after'] as const;

/** The parameters that have no effect because the connection ends before their time. */
function afterTheEnd(script: LabScript): string[] {
  const { end = Infinity, abort = Infinity } = script;
  const [first, time] = abort <= end ? (['abort', abort] as const) : (['end', end] as const);
  const later = DELAYS.filter((name) => (script[name] ?? -1) >= time);
  return [...later, ...(abort <= end && end < Infinity ? ['end'] : [])].map(
    (name) => `${name} and ${first} contradict each other: the connection ends before`,
  );
}

/** The parameters whose turn never comes. */
function neverInTurn(script: LabScript): string[] {
  const { 'drop-every': drop, coalesce, frame, fault, tell, count, after, 'after-messages': afterMessages } = script;
  const { 'double-every': double = NaN, 'reorder-every': reorder = NaN } = script;
  const dropped = (['double-every', 'reorder-every'] as const).filter(
    (name) => drop !== undefined && (script[name] ?? NaN) % drop === 0,
  );
  const isCloseLate = after !== undefined || afterMessages !== undefined;
  const isAlone = coalesce === true && isCloseLate && [frame, fault, tell, count].every((first) => first === undefined);
  return [
    ...dropped.map((name) => `${name} and drop-every=${drop} contradict each other: these messages are not sent back`),
    ...(double % reorder === 0
      ? [`double-every and reorder-every=${reorder} contradict each other: these messages are sent once, out of order`]
      : []),
    ...(isAlone ? ['coalesce and a late close contradict each other: no frame is sent with the answer'] : []),
  ];
}

function badAmounts(script: LabScript, maxBytes: number, request: LabRequest | undefined): string[] {
  const { status, body, informational, count = 1, size = 0, fault = [] } = script;
  const faults: string[] = [];
  if (status === 101) {
    faults.push('status is 101, which accepts the handshake; accepted: another status');
  }
  if (status !== undefined && request?.httpVersion === '2' && (status < 300 || status > 599)) {
    faults.push(`status is ${status}; accepted over HTTP/2, where any 2xx opens the WebSocket: 300 to 599`);
  }
  if (status !== undefined && body !== undefined && isWithoutBody(status)) {
    faults.push(`body and status=${status} contradict each other: such a response has no body`);
  }
  if (informational !== undefined && status !== undefined && status < 200) {
    faults.push(`informational and status=${status} contradict each other: the final answer is informational, too`);
  }
  if (count * size > maxBytes) {
    faults.push(`count and size make ${count * size} bytes; accepted: at most ${maxBytes} (LAB_MAX_BYTES)`);
  }
  const compressed = fault.find((name) => frameFault(name).compressed);
  if (compressed !== undefined && request !== undefined && !offersDeflate(request)) {
    faults.push(`fault=${compressed} needs a client that offers permessage-deflate; this one does not`);
  }
  return faults;
}
