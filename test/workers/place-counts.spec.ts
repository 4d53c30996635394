import { PlaceCounts } from '../../src/workers/place-counts.js';

describe('PlaceCounts', () => {
  const worker = 'one';
  const other = 'other';

  it('takes places of all workers together up to maxConnections', () => {
    const places = new PlaceCounts<string>({ maxConnections: 2, maxConnectionsPerAddress: 0 });

    expect(places.take(worker, '1.1.1.1')).toBeUndefined();
    expect(places.take(other, '1.1.1.1')).toBeUndefined();
    expect(places.take(worker, '2.2.2.2')).toBe('maxConnections');
    places.release(other, '1.1.1.1');
    expect(places.take(worker, '2.2.2.2')).toBeUndefined();
  });

  it('takes places of an address at all workers together up to maxConnectionsPerAddress', () => {
    const places = new PlaceCounts<string>({ maxConnections: 0, maxConnectionsPerAddress: 1 });

    expect(places.take(worker, '1.1.1.1')).toBeUndefined();
    expect(places.take(other, '1.1.1.1')).toBe('maxConnectionsPerAddress');
    expect(places.take(other, '2.2.2.2')).toBeUndefined();
    places.release(worker, '1.1.1.1');
    expect(places.take(other, '1.1.1.1')).toBeUndefined();
  });

  it('releases what a worker had that has ended, and nothing else', () => {
    const places = new PlaceCounts<string>({ maxConnections: 3, maxConnectionsPerAddress: 2 });
    places.take(worker, '1.1.1.1');
    places.take(worker, '2.2.2.2');
    places.take(other, '1.1.1.1');

    places.releaseAll(worker);

    expect(places.take(other, '1.1.1.1')).toBeUndefined();
    expect(places.take(other, '1.1.1.1')).toBe('maxConnectionsPerAddress');
    expect(places.take(other, '2.2.2.2')).toBeUndefined();
    expect(places.take(other, '2.2.2.2')).toBe('maxConnections');
  });
});
