import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { endRawClients, handshake, RawClient, requestHead, type Headers } from '../support/raw-client.js';
import { closeApps, startApp } from '../support/start-app.js';

const referenceObject = z.strictObject({ $ref: z.string().regex(/^#\/components\//) });
const schemaObject = z.looseObject({});
const contentObject = z.record(
  z.string().regex(/^[\w.+*-]+\/[\w.+*-]+$/),
  z.strictObject({ schema: schemaObject.optional() }),
);
const headerObject = z.strictObject({ description: z.string(), schema: schemaObject });
const responseObject = z.strictObject({
  description: z.string().min(1),
  headers: z.record(z.string(), headerObject).optional(),
  content: contentObject.optional(),
});
const parameterObject = z.looseObject({
  name: z.string(),
  in: z.enum(['query', 'header', 'path', 'cookie']),
  schema: z.union([referenceObject, schemaObject]),
});
const operationObject = z.strictObject({
  tags: z.array(z.string()).optional(),
  operationId: z.string(),
  summary: z.string().optional(),
  description: z.string().optional(),
  parameters: z.array(z.union([referenceObject, parameterObject])).optional(),
  responses: z
    .record(z.string().regex(/^([1-5](\d\d|XX)|default)$/), z.union([referenceObject, responseObject]))
    .refine((responses) => Object.keys(responses).length > 0),
});

/** The parts of the OpenAPI 3.0 schema that apply to this kind of document. */
const openApiDocument = z.strictObject({
  openapi: z.string().regex(/^3\.0\.\d+$/),
  info: z.strictObject({
    title: z.string().min(1),
    description: z.string(),
    version: z.string(),
    contact: z.strictObject({}),
  }),
  servers: z.array(z.strictObject({ url: z.string() })),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  paths: z.record(z.string().startsWith('/'), z.strictObject({ get: operationObject })),
  components: z.strictObject({ schemas: z.record(z.string(), schemaObject) }),
});

async function readDocument(environment: Record<string, string> = {}): Promise<z.infer<typeof openApiDocument>> {
  const { url } = await startApp(environment);
  const response = await fetch(`${url}/swagger-json`);
  expect(response.status).toBe(200);
  return openApiDocument.parse(await response.json());
}

afterAll(closeApps);

describe('The OpenAPI document', () => {
  it('declares OpenAPI 3.0 and the version of the package', async () => {
    const { info } = await readDocument();

    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as object;
    expect(info).toMatchObject({ title: 'nest-ws-echo', version: (manifest as { version: string }).version });
  });

  it('gives each operation a unique id', async () => {
    const { paths } = await readDocument();

    const ids = Object.values(paths).map(({ get }) => get.operationId);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it('lists every WebSocket endpoint, with a summary', async () => {
    const { paths, tags } = await readDocument();

    expect(tags.map(({ name }) => name)).toEqual(['WebSockets']);
    for (const path of ['/', '/ws', '/sockets', '/background', '/background/{room}', '/rpc']) {
      expect(paths[path]?.get).toMatchObject({ tags: ['WebSockets'], summary: expect.stringMatching(/\w/) });
    }
  });
});

describe('The handshake statuses in the OpenAPI document', () => {
  const evilOrigin = { Origin: 'https://evil.com' };
  const oldVersion = { 'Sec-WebSocket-Version': '8' };

  async function start(environment?: Record<string, string>): Promise<number> {
    const { app } = await startApp(environment);
    return (app.getHttpServer().address() as AddressInfo).port;
  }

  afterEach(endRawClients);

  it('match the statuses that the server sends', async () => {
    const documented = Object.entries((await readDocument()).paths).filter(([, { get }]) =>
      get.tags?.includes('WebSockets'),
    );
    const [open, strict, full, crowded] = await Promise.all([
      start(),
      start({ ALLOWED_ORIGINS: 'https://client.com' }),
      start({ MAX_CONNECTIONS: '1' }),
      start({ MAX_CONNECTIONS_PER_ADDRESS: '1' }),
    ]);
    await Promise.all([RawClient.open(full, '/ws'), RawClient.open(crowded, '/ws')]);
    const ask = async (port: number, request: string): Promise<string> => {
      const client = (await RawClient.connect(port)).write(request);
      return String((await client.readResponse()).status);
    };
    const shakeHands = (port: number, path: string, changed: Headers = {}): Promise<string> =>
      ask(port, handshake(path, changed));

    for (const [template, { get }] of documented) {
      const path = template.replaceAll(/\{\w+\}/g, 'any');
      const answered = await Promise.all([
        shakeHands(open, path),
        shakeHands(open, path, oldVersion),
        ask(open, requestHead(`GET ${path} HTTP/1.1`, { Host: 'localhost', Connection: 'close' })),
        shakeHands(strict, path, evilOrigin),
        shakeHands(full, path),
        shakeHands(crowded, path),
      ]);
      expect({ [path]: Object.keys(get.responses) }).toEqual({ [path]: [...new Set(answered)].toSorted() });
    }
  });
});
