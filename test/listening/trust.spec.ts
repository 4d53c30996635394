import { howToTrust } from '../../src/listening/trust.js';

it.each([
  ['linux', 'certutil -d sql:$HOME/.pki/nssdb'],
  ['darwin', 'security add-trusted-cert'],
  ['win32', 'certutil -user -addstore Root'],
] as const)('on %s the log says how browsers trust a certificate', (platform, command) => {
  expect(howToTrust('/a/b.crt', platform)).toMatch(/^Browsers trust it after: .*"\/a\/b\.crt"; Node\.js with/);
  expect(howToTrust('/a/b.crt', platform)).toContain(command);
});

it('elsewhere the log says how clients do', () => {
  expect(howToTrust('/a/b.crt', 'aix')).toBe(
    'Node.js with NODE_EXTRA_CA_CERTS="/a/b.crt", curl with --cacert "/a/b.crt".',
  );
});
