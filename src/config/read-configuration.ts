import { configurationSchema, optionDescriptions, type Configuration } from './configuration.js';
import { withoutCredentials } from './credentials.js';

/** What the command line says, by the option's name. It goes before the environment. */
export interface CommandLineOptions {
  urls?: string;
  /** Offers `/lab` where every address is a loopback one, unless LAB says otherwise. */
  labOnLoopback?: boolean;
}

/** A configuration that the application cannot start with. The message is for people. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads the configuration from environment variables and the command line. What is empty counts as not set.
 *
 * @throws ConfigurationError that names every wrong option, its value (without a password) and what is accepted
 */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  commandLine: Readonly<CommandLineOptions> = {},
): Configuration {
  const settings = [
    { name: 'lab', source: '--lab-on-loopback', text: commandLine.labOnLoopback ? 'loopback' : undefined },
    ...optionDescriptions.map(({ name, variable }) => ({ name, source: variable, text: environment[variable] })),
    // Behind the environment: the later of two settings of one option stays.
    { name: 'urls', source: '--urls', text: commandLine.urls },
  ].flatMap(({ text, ...setting }) => (text?.trim() ? [{ ...setting, text: text.trim() }] : []));

  const texts = Object.fromEntries(settings.map(({ name, text }) => [name, text]));
  const { data, error } = configurationSchema.safeParse({ ...texts, webSockets: texts });
  if (data) {
    return data;
  }
  const faults = error.issues.map(({ path, message }) => {
    const setting = settings.findLast(({ name }) => name === path.at(-1));
    return `  ${setting?.source} is "${withoutCredentials(setting?.text ?? '')}"; accepted: ${message}`;
  });
  throw new ConfigurationError(['The configuration has values that cannot be used:', ...faults].join('\n'));
}
