import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { metricTypes } from '../support/scrape.js';
import { closeApps, startApp } from '../support/start-app.js';
import { readYaml } from '../support/yaml.js';

const read = (path: string): string => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

const { panels, templating } = JSON.parse(read('grafana/dashboards/nest-ws-echo.json')) as Dashboard;
const alerts = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({ alert: z.string(), expr: z.string(), annotations: z.object({ summary: z.string().min(1) }) }),
        ),
      }),
    ),
  })
  .parse(readYaml('deploy/prometheus/rules/nest-ws-echo.yml')[0])
  .groups.flatMap(({ rules }) => rules);

const dashboardExpressions = [
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...templating.list.filter(({ name }) => name === 'instance').map(({ query }) => query),
];

/** The metrics in an expression of Prometheus. Those of this server have names of several words. */
function metricsOf(expression: string): string[] {
  const withoutLabels = expression.replaceAll(/\{[^}]*\}|\b(?:by|without) \([^)]*\)|\[[^\]]*\]/g, '');
  return withoutLabels.match(/\b(?:websocket|access_log|chat|process|nodejs)_\w+/g) ?? [];
}

/** The labels that an expression selects or groups by. */
function labelsOf(expression: string): string[] {
  const grouped = Array.from(expression.matchAll(/\bby \(([^)]*)\)/g), ([, names]) => names.split(/, */)).flat();
  const selected = Array.from(expression.matchAll(/(\w+)=~?"/g), ([, name]) => name);
  return [...grouped, ...selected];
}

describe('The dashboard and the alert rules', () => {
  let types: Map<string, string>;
  beforeAll(async () => {
    const { url } = await startApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    types = await metricTypes(url);
  });
  afterAll(closeApps);

  const expressions = alerts.map(({ expr }) => expr);

  it.each([
    ['dashboard', dashboardExpressions],
    ['rules', expressions],
  ])('use metrics that exist: the %s', (_which, used) => {
    const names = used.flatMap(metricsOf);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const histogram = name.replace(/_bucket$/, '');
      expect([name, types.get(name) ?? (histogram === name ? undefined : types.get(histogram))]).toEqual([
        name,
        histogram === name ? expect.any(String) : 'histogram',
      ]);
    }
  });

  it('show every metric of WebSockets', () => {
    const shown = new Set(dashboardExpressions.flatMap(metricsOf).map((name) => name.replace(/_bucket$/, '')));
    const ofWebSockets = [...types.keys()].filter((name) => name.startsWith('websocket_'));
    expect(ofWebSockets.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('use labels that docs/metrics.md explains', () => {
    const documented = [
      ...readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').matchAll(/`(\w+)`/g),
    ];
    const known = new Set(['instance', 'job', 'le', ...documented.map(([, name]) => name)]);
    const labels = [...dashboardExpressions, ...expressions].flatMap(labelsOf);
    expect(labels.filter((label) => !known.has(label))).toEqual([]);
  });

  it('have a different title for each panel and each alert', () => {
    for (const titles of [panels.map(({ title }) => title), alerts.map(({ alert }) => alert)]) {
      expect(new Set(titles).size).toBe(titles.length);
    }
  });
});
