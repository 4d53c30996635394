import type { LabRequest } from '../peer/lab-request.js';
import { contradictions } from './contradictions.js';
import { LAB_PARAMETER_NAMES, labParameter, type LabParameterName, type LabScript } from './parameters.js';

/** The lab cannot follow the query. The message names every parameter at fault. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** The limits of a script. */
export interface ScriptLimits {
  /** In ms. */
  readonly maxTime: number;
  readonly maxBytes: number;
}

/**
 * Reads the query of a handshake.
 *
 * @param request the handshake: what is impossible over its version of HTTP is refused. Undefined for the page, where the
 *   query has no effect
 * @throws ScriptError that names every parameter at fault, its value and what is accepted
 */
export function readScript(query: URLSearchParams, limits: ScriptLimits, request?: LabRequest): LabScript {
  const faults: string[] = [];
  const texts = new Map<LabParameterName, string[]>();
  for (const [given, text] of query) {
    const name = LAB_PARAMETER_NAMES.find((known) => known === given.toLowerCase());
    if (name === undefined) {
      faults.push(`${quoted(given)} is not a parameter; accepted: ${LAB_PARAMETER_NAMES.join(', ')}`);
    } else {
      texts.set(name, [...(texts.get(name) ?? []), text]);
    }
  }
  const script = Object.fromEntries(
    Array.from(texts, ([name, values]) => [name, readValue(name, values, limits, faults)]),
  ) as LabScript;
  if (faults.length === 0) {
    faults.push(...contradictions(script, limits.maxBytes, request));
  }
  if (faults.length > 0) {
    throw new ScriptError(['The query has parameters that cannot be used:', ...faults].join('\n  '));
  }
  return script;
}

function readValue(name: LabParameterName, texts: string[], limits: ScriptLimits, faults: string[]): unknown {
  const { parse, accepted, isRepeatable, isTime } = labParameter(name);
  if (!isRepeatable && texts.length > 1) {
    faults.push(`${name} occurs ${texts.length} times; accepted: once`);
    return undefined;
  }
  const values = texts.map((text) => {
    const value = parse(text);
    if (value === undefined) {
      faults.push(`${name} is ${quoted(text)}; accepted: ${accepted}`);
    } else if (isTime && typeof value === 'number' && value > limits.maxTime) {
      faults.push(`${name} is ${quoted(text)}; accepted: at most ${limits.maxTime} ms (LAB_MAX_TIME)`);
    }
    return value;
  });
  return isRepeatable ? values : values[0];
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
