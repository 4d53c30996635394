import { WebSocketsModule } from 'nest-raw-websockets';
import { parseCommaList } from './comma-list.js';
import { parsed } from './option-values.js';

/**
 * Reads a comma list of origins. What an origin may be is for the library to say, which is given the list.
 *
 * @returns undefined when one of them is none, or when the list is empty
 */
export function parseOrigins(text: string): string[] | undefined {
  const allowedOrigins = parseCommaList(text);
  try {
    WebSocketsModule.forRoot({ allowedOrigins });
  } catch {
    return undefined;
  }
  return allowedOrigins.length > 0 ? allowedOrigins : undefined;
}

/** The origins that may open WebSockets. */
export const origins = parsed(
  parseOrigins,
  'origins such as https://client.com or https://*.client.com without a path, "*", "same-origin" or "null", ' +
    'separated by ","',
);
