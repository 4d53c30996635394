import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readYaml } from '../support/yaml.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}.github/workflows/release.yml`, 'utf8');

const step = z.looseObject({ uses: z.string().optional(), run: z.string().optional(), with: z.unknown().optional() });
const { permissions, jobs } = z
  .looseObject({
    permissions: z.record(z.string(), z.string()),
    jobs: z.record(
      z.string(),
      z.looseObject({
        needs: z.string().optional(),
        permissions: z.record(z.string(), z.string()),
        env: z.record(z.string(), z.string()).default({}),
        steps: z.array(step).default([]),
      }),
    ),
  })
  .parse(readYaml('.github/workflows/release.yml')[0]);
const commandsOf = (job: string): string[] => jobs[job].steps.flatMap(({ run }) => run ?? []);

const { version, workspaces } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  version: string;
  workspaces: string[];
};

describe('The release', () => {
  it('checks before it publishes, and gives each job only the permissions that it needs', () => {
    expect(permissions).toEqual({});
    expect(Object.entries(jobs).map(([name, job]) => [name, job.needs, job.permissions])).toEqual([
      ['check', undefined, { contents: 'read' }],
      ['packages', 'check', { contents: 'read', 'id-token': 'write' }],
      ['image', 'check', { contents: 'read', packages: 'write', 'id-token': 'write' }],
    ]);
  });

  it('needs no stored token: npm and Sigstore accept the identity of the workflow', () => {
    expect(Array.from(text.matchAll(/secrets\.(\w+)/g), ([, name]) => name)).toEqual(['GITHUB_TOKEN']);
  });

  it('publishes the server after the packages on which it depends, with provenance', () => {
    expect(workspaces).toEqual(['libs/websockets', 'client/console']);
    expect(commandsOf('packages').filter((command) => command.startsWith('npm publish'))).toEqual([
      'npm publish --workspaces --access public --provenance --tag "$DIST_TAG"',
      'npm publish --access public --provenance --tag "$DIST_TAG"',
    ]);
  });

  it('publishes a pre-release as next, and any other version as latest', () => {
    expect(jobs['packages'].env['DIST_TAG']).toBe("${{ contains(github.ref_name, '-') && 'next' || 'latest' }}");
  });

  it('builds an image for two architectures, with SBOM and provenance, and signs it', () => {
    const build = jobs['image'].steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({
      platforms: 'linux/amd64,linux/arm64',
      push: true,
      sbom: true,
      provenance: 'mode=max',
    });
    expect(commandsOf('image')).toContain('cosign sign --yes "$IMAGE@$DIGEST"');
  });

  it.each(['packages', 'image'])('compares the tag with the versions in the job %s', (job) => {
    expect(commandsOf(job)).toContain('node scripts/check-release.mjs "$GITHUB_REF_NAME"');
  });
});

describe('scripts/check-release.mjs', () => {
  const check = (tag: string): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, ['scripts/check-release.mjs', tag], { cwd: root, encoding: 'utf8' });

  it('accepts a tag that is the version of every package, the image and the manifests', () => {
    expect(check(`v${version}`)).toMatchObject({ status: 0, stderr: '' });
  });

  it('rejects another tag, and states each version, also those of dependencies of the server', () => {
    const { status, stderr } = check('v99.0.0');

    expect(status).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      ...[
        'package.json',
        'libs/websockets/package.json',
        'client/console/package.json',
        'Dockerfile',
        'deploy/kubernetes/deployment.yaml',
      ].map((path) => `The tag is v99.0.0, but the version in ${path} is ${version}. Expected: 99.0.0.`),
      ...['nest-raw-websockets', 'nest-ws-echo-client'].map(
        (name) => `The tag is v99.0.0, but the version of ${name} in package.json is ^${version}. Expected: ^99.0.0.`,
      ),
    ]);
  });
});
