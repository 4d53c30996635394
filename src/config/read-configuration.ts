import { configurationSchema, optionDescriptions, type Configuration } from './configuration.js';

/** The options of the command line, by their names in the code. They override the environment. */
export interface CommandLineOptions {
  urls?: string;
  /** Stands for LAB=loopback, unless LAB is set. */
  labOnLoopback?: boolean;
}

/** A configuration with which the application cannot start. The message is written for users. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads the configuration from environment variables and the command line. An empty value counts as not set.
 *
 * @throws ConfigurationError that names every bad option, its value (without credentials) and what is accepted
 */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  commandLine: Readonly<CommandLineOptions> = {},
): Configuration {
  const settings = [
    { name: 'lab', source: '--lab-on-loopback', text: commandLine.labOnLoopback ? 'loopback' : undefined },
    ...optionDescriptions.map(({ name, variable }) => ({ name, source: variable, text: environment[variable] })),
    // After the environment: of two settings for one option, the later one wins.
    { name: 'urls', source: '--urls', text: commandLine.urls },
  ].flatMap(({ text, ...setting }) => (text?.trim() ? [{ ...setting, text: text.trim() }] : []));

  const texts = Object.fromEntries(settings.map(({ name, text }) => [name, text]));
  const { data, error } = configurationSchema.safeParse({ ...texts, webSockets: texts });
  if (data) {
    return data;
  }
  const faults = error.issues.map(({ path, message }) => {
    const setting = settings.findLast(({ name }) => name === path.at(-1));
    return `  ${setting?.source} is "${redacted(setting?.text ?? '')}"; accepted: ${message}`;
  });
  throw new ConfigurationError(['The configuration has bad values:', ...faults].join('\n'));
}

/** Texts that hold no credentials: web addresses, and URLs with nothing but host, port and path. */
const SAFE_TEXT = /^(https?:|\w+:\/\/(\[[^\]]*\]|[^:?#]*)(:\d{1,5})?(\/[^:?#]*)?$)/i;

/**
 * A text that is fit for errors and the log. The text before an `@`, such as the user and the password in a URL, is
 * replaced. If a URL has more than host, port and path, only its scheme stays.
 */
export function redacted(text: string): string {
  const shown = text.replace(/^(\w+:\/\/)?.*@/s, '$1***@');
  return SAFE_TEXT.test(shown) ? shown : shown.replace(/^(\w+:\/\/).*$/s, '$1***');
}
