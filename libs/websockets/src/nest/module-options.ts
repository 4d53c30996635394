import { registryRules, type WebSocketRegistryOptions } from '../connection/web-socket-options.js';
import { defaultsOf, resolveOptions, type OptionRules } from '../connection/option-rules.js';
import { admissionRules, type AdmissionOptions } from '../handshake/admission.js';

/** Options of `WebSocketsModule`; what `WebSocketOptions` is to ASP.NET Core. All are optional. */
export interface WebSocketOptions extends WebSocketRegistryOptions, AdmissionOptions {}

const rules: OptionRules<WebSocketOptions> = { ...registryRules, ...admissionRules };

const DEFAULTS = defaultsOf(rules);

/** The injection token of the module's options with their defaults filled in. */
export const WEB_SOCKET_OPTIONS = Symbol('WebSocketOptions');

/**
 * Fills in the defaults of the module's options.
 *
 * @throws WebSocketError `WS_INVALID_OPTION` that names every wrong option, its value and what is accepted
 */
export function resolveWebSocketOptions(options: WebSocketOptions = {}): Required<WebSocketOptions> {
  return resolveOptions(options, { rules, defaults: DEFAULTS, owner: 'WebSocketsModule' });
}
