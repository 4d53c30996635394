import { readdirSync, readFileSync } from 'node:fs';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { Ingress, NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import ts from 'typescript';
import { optionDescriptions } from '../../src/config/configuration.js';
import { readConfiguration } from '../../src/config/read-configuration.js';
import { readYaml } from '../support/yaml.js';

const folder = 'deploy/kubernetes';
const root = new URL('../../', import.meta.url);

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

const manifests = readdirSync(new URL(folder, root)).flatMap((file) => readYaml(`${folder}/${file}`)) as Manifest[];
const find = (kind: string): Manifest | undefined => manifests.find((manifest) => manifest.kind === kind);

const deployment = find('Deployment') as Deployment;
const pod = deployment.spec?.template;
const container = pod?.spec?.containers[0];
const labels = pod?.metadata?.labels;
const dockerfile = readFileSync(new URL('Dockerfile', root), 'utf8');

/** The module with the types of a version of the API. */
const groups: Readonly<Record<string, string>> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'networking.k8s.io/v1': 'networking/v1',
  'policy/v1': 'policy/v1',
};

/** The errors of the compiler for the manifests as values of the API's types: missing, unknown and wrong fields. */
function typeFaults(): string[] {
  const source = manifests
    .map((manifest, index) => {
      const { apiVersion, kind } = manifest;
      const type = `import('kubernetes-types/${groups[apiVersion]}').${kind}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(manifest, null, 2)};`;
    })
    .join('\n');
  const fileName = new URL('test/deploy/manifests.ts', root).pathname;
  const options = {
    strict: true,
    noEmit: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const files = ts.createCompilerHost(options);
  host.fileExists = (path) => path === fileName || files.fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === fileName ? ts.createSourceFile(path, source, ts.ScriptTarget.ES2023) : files.getSourceFile(path, ...rest);
  const program = ts.createProgram([fileName], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('deploy/kubernetes', () => {
  it('has only fields of the Kubernetes API, and all required ones', () => {
    expect(manifests.map(({ kind }) => kind).toSorted()).toEqual([
      'Deployment',
      'Ingress',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'Service',
    ]);
    expect(typeFaults()).toEqual([]);
  }, 60_000);

  it('gives a pod more time to end than its drain takes', () => {
    const environment = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
    const known = optionDescriptions.map(({ variable }) => variable);
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);

    const { drainDelay, drainSpread, shutdownTimeout } = readConfiguration(environment).webSockets;
    const grace = (pod?.spec?.terminationGracePeriodSeconds ?? 0) * 1000;

    expect({ drainDelay, drainSpread }).toEqual({ drainDelay: 5000, drainSpread: 20_000 });
    expect(grace).toBeGreaterThan(drainDelay + drainSpread + shutdownTimeout);
  });

  it('runs as the user of the image, on a read-only file system', () => {
    const [, user, group] = /^USER (\d+):(\d+)$/m.exec(dockerfile) ?? [];

    expect(pod?.spec?.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: Number(user),
      runAsGroup: Number(group),
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('probes each endpoint of /health, at the port of the image', () => {
    const [, port] = /PORT=(\d+)$/m.exec(dockerfile) ?? [];
    const { startupProbe, livenessProbe, readinessProbe } = container ?? {};

    expect(container?.ports).toEqual([{ name: 'http', containerPort: Number(port) }]);
    expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)).toEqual(
      ['startup', 'live', 'ready'].map((name) => ({ path: `/health/${name}`, port: 'http' })),
    );
    expect(pod?.metadata?.annotations?.['prometheus.io/port']).toBe(port);
  });

  it('selects the pods with the same labels everywhere', () => {
    expect(labels).toBeDefined();
    expect(deployment.spec?.selector.matchLabels).toEqual(labels);
    expect((find('Service') as Service).spec?.selector ?? labels).toEqual(labels);
    expect((find('NetworkPolicy') as NetworkPolicy).spec?.podSelector.matchLabels).toEqual(labels);
    expect((find('PodDisruptionBudget') as PodDisruptionBudget).spec?.selector?.matchLabels).toEqual(labels);
  });

  it('has an ingress that passes all requests but those for metrics to the pods', () => {
    const selectors = new Map(
      manifests
        .filter(({ kind }) => kind === 'Service')
        .map((manifest) => manifest as Service)
        .map(({ metadata, spec }) => [metadata?.name, spec?.selector]),
    );
    const rules = (find('Ingress') as Ingress).spec?.rules ?? [];
    const backends = rules.flatMap(({ http }) => http?.paths ?? []);

    expect(backends.map(({ path, backend }) => [path, selectors.get(backend.service?.name)])).toEqual([
      ['/', labels],
      ['/metrics/?$', undefined],
    ]);
  });

  it('has an ingress whose time-outs are longer than the keep-alive', () => {
    const { keepAliveInterval, keepAliveTimeout } = readConfiguration({}).webSockets;
    const annotations = (find('Ingress') as Ingress).metadata?.annotations ?? {};

    for (const name of ['proxy-read-timeout', 'proxy-send-timeout']) {
      const seconds = Number(annotations[`nginx.ingress.kubernetes.io/${name}`]);
      expect(seconds * 1000).toBeGreaterThan(keepAliveInterval + keepAliveTimeout);
    }
  });
});
