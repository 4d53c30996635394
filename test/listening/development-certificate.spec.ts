import { X509Certificate } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { developmentCertificate, howToTrust } from '../../src/listening/development-certificate.js';
import { makeFolder } from '../support/folder.js';

const DAY = 24 * 60 * 60 * 1000;

afterEach(() => jest.useRealTimers());
describe('The development certificate', () => {
  it('covers localhost and its addresses for one year', async () => {
    const { cert } = await developmentCertificate(makeFolder());
    const certificate = new X509Certificate(cert);

    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.checkHost('example.com')).toBeUndefined();
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(Date.parse(certificate.validTo) - Date.now()).toBeLessThanOrEqual(365 * DAY);
  });

  it('is created once, and readable by this user only', async () => {
    const folder = makeFolder();

    const first = await developmentCertificate(folder);
    const second = await developmentCertificate(folder);

    expect(second).toEqual(first);
    expect(first.path).toBe(join(folder, 'nest-ws-echo', 'localhost.crt'));
    await expect(readFile(first.path ?? '', 'utf8')).resolves.toBe(first.cert);
    const { mode } = await stat(join(folder, 'nest-ws-echo', 'localhost.key'));
    expect(mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o600);
  });

  it.each([
    [300, 'is kept'],
    [340, 'is made anew'],
    [400, 'is made anew'],
  ])('%i days later %s', async (days, outcome) => {
    const folder = makeFolder();
    const { cert } = await developmentCertificate(folder);

    jest.useFakeTimers({ now: Date.now() + days * DAY, doNotFake: ['nextTick', 'setImmediate'] });
    const later = await developmentCertificate(folder);

    expect(later.cert === cert ? 'is kept' : 'is made anew').toBe(outcome);
    expect(Date.parse(new X509Certificate(later.cert).validTo)).toBeGreaterThan(Date.now());
  });

  it.each(['localhost.crt', 'localhost.key'])('is replaced when %s is damaged', async (name) => {
    const folder = makeFolder();
    const { cert } = await developmentCertificate(folder);
    await writeFile(join(folder, 'nest-ws-echo', name), 'damaged');

    const repaired = await developmentCertificate(folder);

    expect(repaired.cert).not.toBe(cert);
    await expect(developmentCertificate(folder)).resolves.toEqual(repaired);
  });

  it('stays in memory when its folder is not writable', async () => {
    const file = join(makeFolder(), 'no folder');
    await writeFile(file, '');
    await chmod(file, 0o400);

    const { path, cert } = await developmentCertificate(file);

    expect(path).toBeUndefined();
    expect(new X509Certificate(cert).checkHost('localhost')).toBe('localhost');
  });
});

it.each([
  ['linux', 'certutil -d sql:$HOME/.pki/nssdb'],
  ['darwin', 'security add-trusted-cert'],
  ['win32', 'certutil -user -addstore Root'],
] as const)(
  'on %s comes with a log message that names the command with which browsers trust it',
  (platform, command) => {
    expect(howToTrust('/a/b.crt', platform)).toMatch(/^Browsers trust it after: .*"\/a\/b\.crt"; Node\.js with/);
    expect(howToTrust('/a/b.crt', platform)).toContain(command);
  },
);

it('on other systems comes with a log message that says how other clients trust it', () => {
  expect(howToTrust('/a/b.crt', 'aix')).toBe(
    'Node.js with NODE_EXTRA_CA_CERTS="/a/b.crt", curl with --cacert "/a/b.crt".',
  );
});
