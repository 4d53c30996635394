import { FORMATS, type Format } from '../composer/encode.js';

/** All settings of one connection, and the draft of the next message. */
export interface Settings {
  readonly url: string;
  readonly subprotocols: string;
  readonly closeCode: string;
  readonly closeReason: string;
  readonly reconnect: boolean;
  readonly draft: string;
  readonly format: Format;
  readonly placeholders: boolean;
  readonly repeatTimes: string;
  readonly repeatInterval: string;
  readonly burstCount: string;
  readonly burstSize: string;
  readonly heartbeatInterval: string;
  readonly heartbeatText: string;
}

export const DEFAULT_SETTINGS: Settings = {
  url: '',
  subprotocols: '',
  closeCode: '1000',
  closeReason: 'Closing from client',
  reconnect: false,
  draft: '',
  format: 'text',
  placeholders: false,
  repeatTimes: '10',
  repeatInterval: '1000',
  burstCount: '1000',
  burstSize: '32',
  heartbeatInterval: '30',
  heartbeatText: 'heartbeat',
};

/** The longest text that is stored over a reload or accepted from a link. */
export const LONGEST_SETTING = 262_144;

/** The names of the settings. */
export const SETTING_NAMES = Object.keys(DEFAULT_SETTINGS) as readonly (keyof Settings)[];

/** Reads settings from an unknown object. Missing, mistyped and too long values get their defaults. */
export function settingsFrom(value: unknown, defaults: Settings = DEFAULT_SETTINGS): Settings {
  const given = (value ?? {}) as Record<string, unknown>;
  const settings: Record<string, unknown> = { ...defaults };
  for (const name of SETTING_NAMES) {
    const candidate = given[name];
    if (
      typeof candidate === typeof defaults[name] &&
      !(typeof candidate === 'string' && candidate.length > LONGEST_SETTING)
    ) {
      settings[name] = candidate;
    }
  }
  const result = settings as unknown as Settings;
  return FORMATS.includes(result.format) ? result : { ...result, format: defaults.format };
}

/** The fragment of a link that fills in settings: `#url=wss%3A%2F%2Fexample.com&draft=hello`. Defaults are left out. */
export function linkFragment(settings: Settings, defaults: Settings): string {
  const parameters = new URLSearchParams();
  for (const name of SETTING_NAMES) {
    if (name === 'url' || settings[name] !== defaults[name]) {
      parameters.set(name, String(settings[name]));
    }
  }
  return `#${parameters.toString()}`;
}

/** Settings from the fragment of a link; `undefined` if it contains none. */
export function settingsFromFragment(fragment: string, defaults: Settings): Settings | undefined {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ''));
  const given: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const text = parameters.get(name);
    if (text !== null) {
      given[name] = typeof defaults[name] === 'boolean' ? text === 'true' : text;
    }
  }
  return Object.keys(given).length === 0 ? undefined : settingsFrom(given, defaults);
}

/**
 * Parses a number from an input field.
 *
 * @param name - the name of the number, for the sentence in `problem`
 */
export function readNumber(
  text: string,
  name: string,
  { min, max, isWhole = false }: { readonly min: number; readonly max: number; readonly isWhole?: boolean },
): number | { readonly problem: string } {
  const value = Number(text.trim());
  const isAccepted = isWhole ? Number.isInteger(value) : Number.isFinite(value);
  if (text.trim() === '' || !isAccepted || value < min || value > max) {
    return { problem: `${name}: "${text}" is not a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.` };
  }
  return value;
}
