import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDuration } from 'nest-ws-echo-client/amounts';
import { z } from 'zod';
import { optionDescriptions } from '../../src/config/configuration.js';
import { readConfiguration } from '../../src/config/read-configuration.js';
import { readYaml } from '../support/yaml.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(['service_healthy', 'service_started']) }))
    .default({}),
  healthcheck: z
    .strictObject({ test: z.array(z.string()), interval: z.string(), timeout: z.string(), retries: z.number() })
    .optional(),
  ports: z.array(z.string().regex(/^(127\.0\.0\.1:)?\d+:\d+$/)).default([]),
  profiles: z.array(z.literal('monitoring')).default([]),
  volumes: z.array(z.string().regex(/^\.\/[^:]+:\/[^:]+:ro$/)).default([]),
  stop_grace_period: z.string().optional(),
  restart: z.literal('unless-stopped'),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
});

const { services } = z
  .strictObject({ 'x-server': z.unknown(), services: z.record(z.string(), service) })
  .parse(readYaml('compose.yaml')[0]);
const servers = Object.entries(services).filter(([, { build }]) => build !== undefined);
const nginx = read('deploy/nginx/default.conf');
const dockerfile = read('Dockerfile');
const [, imagePort] = /^ENV NODE_ENV=production \\\n\s+PORT=(\d+)$/m.exec(dockerfile) ?? [];

describe('compose.yaml', () => {
  it('has two servers of the Dockerfile, nginx and Redis, and monitoring as a profile', () => {
    expect(Object.entries(services).map(([name, { profiles }]) => [name, profiles.join()])).toEqual([
      ['server-1', ''],
      ['server-2', ''],
      ['redis', ''],
      ['nginx', ''],
      ['prometheus', 'monitoring'],
      ['grafana', 'monitoring'],
    ]);
    expect(servers.map(([name]) => name)).toEqual(['server-1', 'server-2']);
    for (const [, { build = '' }] of servers) {
      expect(existsSync(join(root, build, 'Dockerfile'))).toBe(true);
    }
  });

  it('waits only for services that exist and report their health', () => {
    const images = new Set(servers.map(([name]) => name));
    expect(dockerfile).toContain('\nHEALTHCHECK ');
    for (const { depends_on: wanted } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(wanted)) {
        const isTold = images.has(name) || services[name]?.healthcheck !== undefined;
        expect([name, name in services && (condition === 'service_started' || isTold)]).toEqual([name, true]);
      }
    }
  });

  it('mounts only files and folders that exist', () => {
    const files = Object.values(services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0]));
    expect(files).toEqual(['./deploy/nginx/default.conf', './deploy/prometheus', './deploy/grafana']);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('gives the servers valid options, with the address of its Redis', () => {
    for (const [, { environment }] of servers) {
      const known = optionDescriptions.map(({ variable }) => variable);
      expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
      const { redisUrl = '' } = readConfiguration(environment);
      expect(services).toHaveProperty(new URL(redisUrl).hostname);
    }
  });

  it('gives the servers more time to end than a shutdown takes', () => {
    for (const [, { environment, stop_grace_period: grace = '0' }] of servers) {
      const { drainDelay, drainSpread, shutdownTimeout } = readConfiguration(environment).webSockets;
      expect(parseDuration(grace)).toBeGreaterThan(drainDelay + drainSpread + shutdownTimeout);
    }
  });

  it('maps a port to that of nginx, which connects to the port of the image', () => {
    const [, port] = /listen (\d+);/.exec(nginx) ?? [];
    expect(services['nginx']?.ports.map((mapping) => mapping.split(':')[1])).toEqual([port]);
    const upstream = Array.from(nginx.matchAll(/^ *server (\S+);$/gm), ([, address]) => address);
    expect(upstream).toEqual(servers.map(([name]) => `${name}:${imagePort}`));
  });

  it('has Prometheus scrape each server, and Grafana query Prometheus', () => {
    const { scrape_configs: scrapes } = z
      .looseObject({
        scrape_configs: z.array(
          z.looseObject({ static_configs: z.array(z.strictObject({ targets: z.array(z.string()) })) }),
        ),
      })
      .parse(readYaml('deploy/prometheus/prometheus.yml')[0]);
    const targets = scrapes.flatMap((scrape) => scrape.static_configs.flatMap((config) => config.targets));
    expect(targets).toEqual(servers.map(([name]) => `${name}:${imagePort}`));
    const { datasources } = z
      .looseObject({ datasources: z.array(z.looseObject({ url: z.string() })) })
      .parse(readYaml('deploy/grafana/provisioning/datasources/prometheus.yml')[0]);
    expect(services).toHaveProperty(new URL(datasources[0].url).hostname);
  });

  if (spawnSync('docker', ['compose', 'version']).status === 0) {
    it('is valid for docker compose', () => {
      const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { cwd: root, encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    });
  } else {
    process.stderr.write('Not asked: whether docker compose takes compose.yaml. There is no docker compose here.\n');
  }
});
