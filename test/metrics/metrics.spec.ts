import { Metrics } from '../../src/metrics/metrics.js';

describe('Metrics', () => {
  it('evaluate their callbacks at each scrape', async () => {
    const metrics = new Metrics();
    let count = 0;
    metrics.counter('questions_total', 'How often it was asked.', () => ++count);
    metrics.gauge('answer', 'The answer.', async () => 42);
    expect(count).toBe(0);

    await metrics.text();

    expect((await metrics.text()).trim().split('\n')).toEqual([
      '# HELP questions_total How often it was asked.',
      '# TYPE questions_total counter',
      'questions_total 2',
      '',
      '# HELP answer The answer.',
      '# TYPE answer gauge',
      'answer 42',
    ]);
  });

  it('are separate for two applications', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.gauge('size', 'Its size.', () => 1);
    other.gauge('size', 'Its size.', () => 2);

    expect(await one.text()).toContain('\nsize 1\n');
    expect(await other.text()).toContain('\nsize 2\n');
  });

  it('reject a second metric of the same name', () => {
    const metrics = new Metrics();
    metrics.gauge('size', 'Its size.', () => 1);

    expect(() => metrics.gauge('size', 'Its size.', () => 1)).toThrow('A metric with the name size has already been');
  });
});
