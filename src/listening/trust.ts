/** How to make browsers trust a self-signed certificate, as one command per system. */
const commands: Partial<Record<NodeJS.Platform, (path: string) => string>> = {
  darwin: (path) => `security add-trusted-cert -p ssl -k ~/Library/Keychains/login.keychain-db "${path}"`,
  linux: (path) => `certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n nest-ws-echo -i "${path}"`,
  win32: (path) => `certutil -user -addstore Root "${path}"`,
};

/** Says how to trust the certificate in a file: the browser's command, where there is one, and that of clients. */
export function howToTrust(path: string, platform: NodeJS.Platform = process.platform): string {
  const command = commands[platform]?.(path);
  const browser = command === undefined ? '' : `Browsers trust it after: ${command}; `;
  return `${browser}Node.js with NODE_EXTRA_CA_CERTS="${path}", curl with --cacert "${path}".`;
}
