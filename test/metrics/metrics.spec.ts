import { Metrics } from '../../src/metrics/metrics.js';

describe('Metrics', () => {
  it('are read when somebody asks, each time', async () => {
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

  it('of two applications are apart', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.gauge('size', 'Its size.', () => 1);
    other.gauge('size', 'Its size.', () => 2);

    expect(await one.text()).toContain('\nsize 1\n');
    expect(await other.text()).toContain('\nsize 2\n');
  });

  it('refuse a second figure of one name', () => {
    const metrics = new Metrics();
    metrics.gauge('size', 'Its size.', () => 1);

    expect(() => metrics.gauge('size', 'Its size.', () => 1)).toThrow('A metric with the name size has already been');
  });
});
