import { CLOSING_PARAMETERS } from './closing-parameters.js';
import { FRAME_PARAMETERS } from './frame-parameters.js';
import { HANDSHAKE_PARAMETERS } from './handshake-parameters.js';
import type { LabParameter } from './lab-parameter.js';
import { MESSAGE_PARAMETERS } from './message-parameters.js';

/**
 * Every query parameter of `/lab`, in the order in which they are applied: the one source of the parser, its errors, the
 * OpenAPI document, the page and the docs.
 */
export const LAB_PARAMETERS = {
  ...HANDSHAKE_PARAMETERS,
  ...FRAME_PARAMETERS,
  ...MESSAGE_PARAMETERS,
  ...CLOSING_PARAMETERS,
} as const satisfies Record<string, LabParameter>;

export type LabParameterName = keyof typeof LAB_PARAMETERS;

/** The names, in the order of the table. */
export const LAB_PARAMETER_NAMES = Object.keys(LAB_PARAMETERS) as LabParameterName[];

/** A parameter of the table, without the exact type of its entry. */
export function labParameter(name: LabParameterName): LabParameter {
  return LAB_PARAMETERS[name];
}

type ValueOf<P> = P extends { parse: (text: string) => infer T; isRepeatable: true }
  ? readonly Exclude<T, undefined>[]
  : P extends { parse: (text: string) => infer T }
    ? Exclude<T, undefined>
    : never;

/** What a query asks for: the values of its parameters. */
export type LabScript = { readonly [Name in LabParameterName]?: ValueOf<(typeof LAB_PARAMETERS)[Name]> };
