import { readFile } from 'node:fs/promises';
import { FRAME_FAULTS } from '../../src/lab/script/frame-faults.js';
import { LAB_PARAMETER_NAMES } from '../../src/lab/script/parameters.js';
import { readScript } from '../../src/lab/script/read-script.js';

interface Behaviour {
  readonly query: string;
  readonly isHttp2?: true;
}

const script = new URL('../../scripts/lab-clients/behaviours.mjs', import.meta.url);
const { behaviours } = (await import(script.href)) as { behaviours: (faults: object) => readonly Behaviour[] };
const rows = behaviours(FRAME_FAULTS);

describe('The clients of the lab', () => {
  it('are run against every parameter and fault', () => {
    const queries = rows.map(({ query }) => new URLSearchParams(query));

    expect(LAB_PARAMETER_NAMES.filter((name) => !queries.some((query) => query.has(name)))).toEqual([]);
    const faults = new Set(queries.flatMap((query) => query.getAll('fault')));
    expect(Object.keys(FRAME_FAULTS).filter((name) => !faults.has(name))).toEqual([]);
  });

  it.each(rows)('can ask for $query', ({ query }) => {
    expect(() => readScript(new URLSearchParams(query), { maxTime: 10_000, maxBytes: 1024 ** 3 })).not.toThrow();
  });

  it('have a row for each in docs/lab-clients.md', async () => {
    const page = await readFile(new URL('../../docs/lab-clients.md', import.meta.url), 'utf8');

    expect(rows.filter(({ query, isHttp2 }) => !isHttp2 && !page.includes(`\n| \`${query}\` |`))).toEqual([]);
  });
});
