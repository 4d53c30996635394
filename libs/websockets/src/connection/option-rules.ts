import { inspect } from 'node:util';
import { WebSocketError } from './web-socket-error.js';

/** What an option may be. */
export interface OptionRule<Value> {
  readonly default: Value;
  /** Says in words what is accepted. */
  readonly accepted: string;
  accepts(value: unknown): boolean;
}

/** A rule for each option. */
export type OptionRules<Options> = { readonly [name in keyof Options]-?: OptionRule<Required<Options>[name]> };

/** An option that is a whole number. */
export const number = (
  fallback: number,
  unit: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): OptionRule<number> => ({
  default: fallback,
  accepted: `a whole number of ${unit} from ${least} to ${most}`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});

/** An option that is true or false. */
export const flag = (fallback: boolean): OptionRule<boolean> => ({
  default: fallback,
  accepted: 'true or false',
  accepts: (value) => typeof value === 'boolean',
});

/** The default of each option. */
export function defaultsOf<Options>(optionRules: OptionRules<Options>): Required<Options> {
  const entries = Object.entries<OptionRule<unknown>>(optionRules).map(([name, rule]) => [name, rule.default] as const);
  return Object.freeze(Object.fromEntries(entries)) as unknown as Required<Options>;
}

interface Resolution<Options> {
  /** The rules of the options that are resolved. */
  readonly rules: Readonly<Record<string, OptionRule<unknown>>>;
  /** The names of options that are left alone. */
  readonly others?: readonly string[];
  /** The values of options that are not given. What has a default and no rule is an option of the module alone. */
  readonly defaults: Options;
  /** What has the options, for errors. */
  readonly owner: string;
}

/**
 * Fills in defaults.
 *
 * @throws WebSocketError `WS_INVALID_OPTION` that names every wrong option, its value and what is accepted
 */
export function resolveOptions<Options extends object>(
  options: object,
  { rules: rulesByName, others = [], defaults, owner }: Resolution<Options>,
): Options {
  if (typeof options !== 'object' || options === null) {
    const message = `${owner}: the options are ${inspect(options)}, but must be an object.`;
    throw new WebSocketError('WS_INVALID_OPTION', message);
  }
  const given = Object.entries(options);
  const overridden = given.filter(([name, value]) => value !== undefined && Object.hasOwn(rulesByName, name));
  const faults = [
    ...given
      .filter(([name]) => !Object.hasOwn(rulesByName, name) && !others.includes(name))
      .map(([name]) =>
        Object.hasOwn(defaults, name)
          ? `${name} is an option of WebSocketsModule alone`
          : `${name} is not an option; there are ${[...others, ...Object.keys(rulesByName)].join(', ')}`,
      ),
    ...overridden
      .filter(([name, value]) => !rulesByName[name].accepts(value))
      .map(([name, value]) => `${name} is ${inspect(value)}, but must be ${rulesByName[name].accepted}`),
  ];
  if (faults.length > 0) {
    throw new WebSocketError('WS_INVALID_OPTION', `${owner}: ${faults.join('; ')}.`);
  }
  return overridden.length === 0 ? defaults : Object.freeze({ ...defaults, ...Object.fromEntries(overridden) });
}
