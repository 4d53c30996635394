import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** Environment variables that name the browser to use. */
const VARIABLES = ['CHROME_PATH', 'CHROMIUM_PATH'];

/** Names under which Chromium and its relatives are installed on Linux. */
const COMMANDS = [
  // It has no windows, so it is the fastest.
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'microsoft-edge-stable',
];

const MAC_APPLICATIONS = ['Google Chrome', 'Chromium', 'Microsoft Edge'];

const WINDOWS_PROGRAMS = [
  ['Google', 'Chrome', 'Application', 'chrome.exe'],
  ['Chromium', 'Application', 'chrome.exe'],
  ['Microsoft', 'Edge', 'Application', 'msedge.exe'],
];

/**
 * The path of a Chromium-based browser on this machine, or `undefined` without one.
 *
 * @throws Error if a variable names a browser that does not exist: then the tests must not be skipped
 */
function findBrowser(): string | undefined {
  for (const variable of VARIABLES) {
    const path = process.env[variable];
    if (path) {
      if (!existsSync(path)) {
        throw new Error(`${variable} is "${path}", but that file does not exist.`);
      }
      return path;
    }
  }
  return usualPlaces().find((path) => existsSync(path));
}

function usualPlaces(): string[] {
  switch (process.platform) {
    case 'win32':
      return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA']
        .map((variable) => process.env[variable])
        .filter((folder) => folder !== undefined)
        .flatMap((folder) => WINDOWS_PROGRAMS.map((program) => join(folder, ...program)));
    case 'darwin':
      return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) =>
        MAC_APPLICATIONS.map((name) => join(folder, `${name}.app`, 'Contents', 'MacOS', name)),
      );
    default:
      return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin']
        .filter((folder) => folder !== '')
        .flatMap((folder) => COMMANDS.map((command) => join(folder, command)));
  }
}

/** Starts a headless browser without network requests of its own. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-gpu',
      '--disable-quic',
      '--disable-sync',
      '--no-first-run',
      // Chromium refuses to run as root with its sandbox, and containers often run as root.
      ...(isRoot ? ['--no-sandbox'] : []),
    ],
  });
}

/**
 * `describe` for tests that need a browser. They receive its path. Without a browser they are skipped, and a line on stderr
 * says so.
 */
export function describeInBrowser(title: string, tests: (executablePath: string) => void): void {
  const executablePath = findBrowser();
  if (executablePath === undefined) {
    process.stderr.write(
      `Skipped: "${title}", because no Chromium, Chrome or Edge was found. ` +
        'Install one (for example: apt-get install -y chromium) or set CHROME_PATH to one.\n',
    );
  }
  (executablePath === undefined ? describe.skip : describe)(title, () => {
    tests(executablePath ?? '');
  });
}
