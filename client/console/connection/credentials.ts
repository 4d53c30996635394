import { UsageError, type ConnectFlags } from '../flags.js';

/** Where credentials are in neither the list of processes nor the shell's history. */
export const AUTH_VARIABLE = 'NEST_WS_ECHO_AUTH';
export const TOKEN_VARIABLE = 'NEST_WS_ECHO_TOKEN';

/**
 * The Authorization header: of --auth, else of the address, else of the environment.
 *
 * @returns undefined when there is none, or when --header brings its own
 * @throws UsageError when two of them contradict each other
 */
export function authorization(
  url: URL,
  { auth, header = [] }: Pick<ConnectFlags, 'auth' | 'header'>,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (header.some(([name]) => name.toLowerCase() === 'authorization')) {
    if (auth !== undefined) {
      throw new UsageError('--auth and --header Authorization say the same thing twice: give one of them.');
    }
    return undefined;
  }
  if (auth !== undefined) {
    return basic(auth, '--auth');
  }
  const inUrl = urlAuthorization(url);
  const { [AUTH_VARIABLE]: user, [TOKEN_VARIABLE]: token } = environment;
  return inUrl ?? (user ? basic(user, AUTH_VARIABLE) : token ? `Bearer ${token}` : undefined);
}

/** The header for the user and the password in an address, if they are there (RFC 7617). */
export function urlAuthorization({ username, password }: URL): string | undefined {
  return username || password ? encode(`${decode(username)}:${decode(password)}`) : undefined;
}

function basic(credentials: string, source: string): string {
  if (!credentials.includes(':')) {
    // Not quoted: it may be a secret.
    throw new UsageError(`${source} has no colon; accepted: user:password`);
  }
  return encode(credentials);
}

function encode(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
