import { ratioChart } from '../../bench/chart.js';
import { formatBytes, formatCount, formatPercent, formatRatio, formatTime } from '../../bench/formats.js';
import type { PeerResults, Results } from '../../bench/results.js';
import { detailTable, failureLines, ratioTables } from '../../bench/tables.js';

const peer = (name: string, rest: Partial<PeerResults>): PeerResults => ({
  name,
  title: name,
  figures: {},
  failures: 0,
  rounds: [],
  ...rest,
});

const results: Results = {
  date: '2026-01-01T00:00:00.000Z',
  rounds: 3,
  seconds: 2,
  machine: {
    cpu: 'A <fast> CPU',
    cores: 2,
    memory: 0,
    system: '',
    pinning: '',
    node: 'v24.0.0',
    versions: { ws: '8' },
  },
  loads: [
    {
      name: 'small',
      title: 'Small & many',
      suite: 'http',
      kind: 'echo',
      peers: [
        peer('ours', { ratio: 16.4, figures: { cpuPerMessage: 0.0005, serverCpu: 0.991 }, limit: 'server' }),
        peer('ws', { ratio: 1, figures: { cpuPerMessage: 0.0082 } }),
        peer('nest', { ratio: 0.41, figures: { cpuPerMessage: 0.02 } }),
      ],
    },
    {
      name: 'compressed',
      title: 'Compressed',
      suite: 'http',
      kind: 'echo',
      peers: [
        peer('ours', { unsupported: 'does not compress' }),
        peer('ws', { ratio: 1 }),
        peer('nest', { ratio: 0.9, failures: 1, firstFailure: 'A wrong byte.' }),
      ],
    },
    {
      name: 'told',
      title: 'Told',
      suite: 'broadcast',
      kind: 'broadcast',
      peers: [peer('ours', { ratio: 3 }), peer('ws', { ratio: 1 })],
    },
  ],
};

describe('the formats', () => {
  it.each([
    [formatRatio(0.416), '0.42x'],
    [formatRatio(1), '1.0x'],
    [formatRatio(9.96), '10x'],
    [formatRatio(119), '119x'],
    [formatTime(0.000423), '0.423 µs'],
    [formatTime(0.0999), '99.9 µs'],
    [formatTime(12.34), '12.3 ms'],
    [formatTime(2000), '2 s'],
    [formatBytes(10_000), '9.77 KiB'],
    [formatBytes(200 * 1024 ** 2), '200 MiB'],
    [formatCount(2_553_126), '2,550,000'],
    [formatCount(4.83), '4.8'],
    [formatPercent(0.994), '99%'],
  ])('write %s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('the tables', () => {
  it('show the ratios of each suite, or why there is none', () => {
    expect(ratioTables(results)).toBe(
      [
        'Echoes over http:',
        '',
        '| load         |              ours |   ws |  nest |',
        '| ------------ | ----------------: | ---: | ----: |',
        '| Small & many |               16x | 1.0x | 0.41x |',
        '| Compressed   | does not compress | 1.0x | wrong |',
        '',
        'Broadcasts, in which all in a room hear what one says:',
        '',
        '| load | ours |   ws |',
        '| ---- | ---: | ---: |',
        '| Told | 3.0x | 1.0x |',
      ].join('\n'),
    );
  });

  it('leave out columns that are empty', () => {
    expect(detailTable(results.loads[0])).toBe(
      [
        '| server | ratio | CPU/message | server CPU | at its limit |',
        '| ------ | ----: | ----------: | ---------: | -----------: |',
        '| ours   |   16x |      0.5 µs |        99% |       server |',
        '| ws     |  1.0x |      8.2 µs |            |              |',
        '| nest   | 0.41x |       20 µs |            |              |',
      ].join('\n'),
    );
  });

  it('name what was wrong', () => {
    expect(failureLines(results)).toEqual(['Compressed, nest: 1 failed. A wrong byte.']);
  });
});

describe('the chart', () => {
  const svg = ratioChart(results);

  it('has a bar for each right ratio of a server that is not the baseline, over http', () => {
    expect(svg.match(/<text class="value"[^>]*>[^<]*/g)?.map((text) => text.replace(/.*>/, ''))).toEqual([
      '16x',
      '0.41x',
    ]);
  });

  it('draws what is better to the right of the line and what is worse to its left', () => {
    const line = Number(/class="one" x1="(\d+)"/.exec(svg)?.[1]);
    const bars = Array.from(svg.matchAll(/<rect class="s\d" x="(\d+)" y="(\d+)" width="(\d+)" height="11"/g));
    const [better, worse] = bars.map(([, x, , width]) => ({ from: Number(x), to: Number(x) + Number(width) }));
    expect(better.from).toBe(line);
    expect(better.to).toBeGreaterThan(line);
    expect(worse.to).toBe(line);
    expect(worse.from).toBeLessThan(line);
  });

  it('escapes what is no markup', () => {
    expect(svg).toContain('Small &amp; many');
    expect(svg).toContain('A &lt;fast&gt; CPU');
  });

  it('has colours for light and for dark ground', () => {
    expect(svg).toContain('prefers-color-scheme:dark');
  });
});
