import { frameFault } from './frame-faults.js';
import { offersDeflate, type LabRequest } from './lab-request.js';
import { LAB_PARAMETER_NAMES, labParameter, type LabParameterName, type LabScript } from './parameters.js';

/** A query that the lab cannot follow. The message is for people. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** What bounds a script. */
export interface ScriptLimits {
  /** In ms. */
  readonly maxTime: number;
  readonly maxBytes: number;
}

/** Statuses without a body (RFC 9110 section 6.4.1). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * Reads the query of a handshake.
 *
 * @param request where it is a handshake: what it cannot do is refused. Undefined for a page that only shows the query
 * @throws ScriptError that names every parameter at fault, its value and what is accepted
 */
export function readScript(query: URLSearchParams, limits: ScriptLimits, request?: LabRequest): LabScript {
  const faults: string[] = [];
  const values: Partial<Record<LabParameterName, unknown>> = {};
  for (const given of new Set(query.keys())) {
    const name = LAB_PARAMETER_NAMES.find((known) => known === given.toLowerCase());
    if (name === undefined) {
      faults.push(`${JSON.stringify(given)} is not a parameter; accepted: ${LAB_PARAMETER_NAMES.join(', ')}`);
    } else {
      values[name] = readValue(name, query.getAll(given), limits, faults);
    }
  }
  const script = values as LabScript;
  if (faults.length === 0) {
    faults.push(...contradictions(script, limits, request));
  }
  if (faults.length > 0) {
    throw new ScriptError(['The query has parameters that cannot be used:', ...faults].join('\n  '));
  }
  return script;
}

function readValue(name: LabParameterName, texts: string[], limits: ScriptLimits, faults: string[]): unknown {
  const { parse, accepted, isRepeatable, isTime } = labParameter(name);
  if (!isRepeatable && texts.length > 1) {
    faults.push(`${name} is there ${texts.length} times; accepted: once`);
    return undefined;
  }
  const values = texts.map((text) => {
    const value = parse(text);
    if (value === undefined) {
      faults.push(`${name} is ${JSON.stringify(text.slice(0, 200))}; accepted: ${accepted}`);
    } else if (isTime && typeof value === 'number' && value > limits.maxTime) {
      faults.push(`${name} is ${JSON.stringify(text)}; accepted: at most ${limits.maxTime} ms (LAB_MAX_TIME)`);
    }
    return value;
  });
  return isRepeatable ? values : values[0];
}

/** What parameters cannot be had together, or of this client. */
function contradictions(script: LabScript, limits: ScriptLimits, request: LabRequest | undefined): string[] {
  const names = LAB_PARAMETER_NAMES.filter((name) => script[name] !== undefined);
  const has = (name: string): boolean => names.includes(name as LabParameterName);
  const faults: string[] = [];
  for (const name of names) {
    const { needs, excludes, only } = labParameter(name);
    if (needs !== undefined && !needs.some(has)) {
      faults.push(`${name} has an effect only together with ${needs.join(' or ')}`);
    }
    for (const other of excludes?.filter(has) ?? []) {
      faults.push(`${name} and ${other} contradict each other`);
    }
    if (only !== undefined && request !== undefined && request.httpVersion !== only[0]) {
      faults.push(`${name} cannot be over HTTP/${request.httpVersion}: ${only[1]}`);
    }
  }
  faults.push(...afterRefusal(names, script));
  const { status, body, count = 1, size = 0, fault = [] } = script;
  if (status !== undefined && status < 300 && request?.httpVersion === '2') {
    faults.push(`status is ${status}; accepted over HTTP/2, where any 2xx opens the WebSocket: 300 to 599`);
  }
  if (status !== undefined && body !== undefined && WITHOUT_BODY.has(status)) {
    faults.push(`body and status=${status} contradict each other: such a response has no body`);
  }
  if (count * size > limits.maxBytes) {
    faults.push(`count and size make ${count * size} bytes; accepted: at most ${limits.maxBytes} (LAB_MAX_BYTES)`);
  }
  const compressed = fault.find((name) => frameFault(name).compressed);
  if (compressed !== undefined && request !== undefined && !offersDeflate(request)) {
    faults.push(`fault=${compressed} needs a client that offers permessage-deflate; this one does not`);
  }
  return faults;
}

/** What follows a handshake that is never accepted. */
function afterRefusal(names: readonly LabParameterName[], script: LabScript): string[] {
  const refusing = (['rst-stream', 'goaway', 'handshake-cut'] as const).find((name) => script[name] !== undefined);
  const refusal =
    refusing ??
    (script['handshake-delay'] === 'never' ? 'handshake-delay=never' : undefined) ??
    (script.status !== undefined && script['www-authenticate'] === undefined ? 'status' : undefined);
  if (refusal === undefined) {
    return [];
  }
  return names
    .filter((name) => labParameter(name).group !== 'handshake' && !['id', 'end', 'abort'].includes(name))
    .map((name) => `${name} and ${refusal} contradict each other: no WebSocket opens`);
}
