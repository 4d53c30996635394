import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Primary } from '../../src/workers/primary.js';

/** A worker without a process. */
class FakeWorker extends EventEmitter {
  readonly process: { readonly pid?: number; kill(signal: string): void };
  /** The names of the functions that the primary has called. */
  readonly calls: string[] = [];

  constructor(pid?: number) {
    super();
    this.process = { pid, kill: (signal) => void this.emit('exit', null, signal) };
  }

  send({ call }: { call?: string }): void {
    if (call !== undefined) {
      this.calls.push(call);
    }
  }

  listen(...urls: string[]): void {
    this.emit('message', { call: 'listening', args: [urls] });
  }
}

const URL = 'http://127.0.0.1:5000';

describe('The primary', () => {
  const workers: FakeWorker[] = [];
  const announced: (readonly string[])[] = [];
  let fork: jest.SpiedFunction<typeof cluster.fork>;
  let errors: jest.SpiedFunction<Logger['error']>;
  let warnings: jest.SpiedFunction<Logger['warn']>;

  beforeEach(() => {
    jest.useFakeTimers();
    workers.length = 0;
    announced.length = 0;
    fork = jest.spyOn(cluster, 'fork').mockImplementation(() => {
      const worker = new FakeWorker(workers.length + 1);
      workers.push(worker);
      return worker as unknown as Worker;
    });
    jest.spyOn(cluster, 'setupPrimary').mockImplementation(() => {});
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    process.removeAllListeners('exit');
  });

  const createPrimary = (canListenAgain = true): Primary =>
    new Primary({
      workers: 2,
      environment: {},
      limits: { maxConnections: 0, maxConnectionsPerAddress: 0 },
      developmentCertificate: undefined,
      canListenAgain,
      shutdownTime: 30_000,
      onListening: (urls) => announced.push(urls),
    });

  /** Starts two workers that listen. */
  function run(primary: Primary): Promise<number> {
    const ended = primary.run();
    workers[0].listen(URL);
    workers[1].listen(URL);
    return ended;
  }

  const failToFork = (): void => {
    fork.mockImplementationOnce(() => {
      throw new Error('spawn ENOMEM');
    });
  };

  it.each<[what: string, fail: () => void, message: string]>([
    [
      'is killed',
      () => workers[0].emit('exit', null, 'SIGKILL'),
      'Worker 1 (process 1) ended with SIGKILL. No worker takes connections yet, so the server ends.',
    ],
    [
      'ends without an error',
      () => workers[0].emit('exit', 0, null),
      'Worker 1 (process 1) ended with exit code 0. No worker takes connections yet, so the server ends.',
    ],
  ])('says that the server ends because the first worker %s', async (_what, fail, message) => {
    const ended = createPrimary().run();
    fail();
    await expect(ended).resolves.toBe(1);
    expect(errors.mock.calls).toEqual([[message]]);
  });

  it('ends with the exit code of a first worker that has said why it cannot listen', async () => {
    const ended = createPrimary().run();
    workers[0].emit('exit', 3, null);
    await expect(ended).resolves.toBe(3);
    expect(errors).not.toHaveBeenCalled();
  });

  it('says that the first worker cannot be started', async () => {
    failToFork();
    await expect(createPrimary().run()).resolves.toBe(1);
    expect(errors.mock.calls).toEqual([
      ['Worker 1 cannot be started: spawn ENOMEM. No worker takes connections yet, so the server ends.'],
    ]);
  });

  it.each<[how: string, prepare: () => void]>([
    ['the system throws an error', failToFork],
    [
      'its process does not start',
      () =>
        fork.mockImplementationOnce(() => {
          const worker = new FakeWorker();
          setTimeout(() => worker.emit('error', new Error('spawn ENOMEM')), 0);
          return worker as unknown as Worker;
        }),
    ],
  ])('tries again, each time later, to start a further worker if %s', (_how, prepare) => {
    void createPrimary().run();
    prepare();
    workers[0].listen(URL);
    jest.advanceTimersByTime(1);
    prepare();
    jest.advanceTimersByTime(101);
    expect(workers).toHaveLength(1);
    jest.advanceTimersByTime(200);
    expect(workers).toHaveLength(2);
    expect(warnings.mock.calls).toEqual([
      ['Worker 2 cannot be started: spawn ENOMEM. Another one starts in 100 ms.'],
      ['Worker 2 cannot be started: spawn ENOMEM. Another one starts in 200 ms.'],
    ]);
  });

  it('starts no further worker if the first listens after the signal that ends the server', async () => {
    const primary = createPrimary();
    const ended = primary.run();
    primary.shutDown('SIGTERM');
    workers[0].listen(URL);
    workers[0].emit('exit', 0, null);
    await expect(ended).resolves.toBe(0);
    expect(workers).toHaveLength(1);
    expect(announced).toEqual([]);
  });

  it('kills a worker that does not shut down', async () => {
    const primary = createPrimary();
    const ended = run(primary);
    primary.shutDown('SIGTERM');
    workers[0].emit('exit', 0, null);
    jest.advanceTimersByTime(30_000);
    expect(errors).not.toHaveBeenCalled();
    jest.advanceTimersByTime(10_000);
    await expect(ended).resolves.toBe(1);
    expect(errors.mock.calls).toEqual([['Worker 2 (process 2) ended with SIGKILL while it shut down.']]);
  });

  it('announces the addresses once, and again if all workers have ended and later ones have another free port', () => {
    void run(createPrimary());
    expect(announced).toEqual([[URL]]);
    workers.splice(0).forEach((worker) => worker.emit('exit', null, 'SIGKILL'));
    jest.advanceTimersByTime(100);
    workers.forEach((worker) => worker.listen('http://127.0.0.1:5001'));
    expect(announced).toEqual([[URL], ['http://127.0.0.1:5001']]);
  });

  it('ends if the last worker is lost that listened on a socket that systemd passed', async () => {
    const ended = run(createPrimary(false));
    workers[0].emit('exit', null, 'SIGKILL');
    jest.advanceTimersByTime(100); // another one starts, and does not listen yet
    expect(errors).not.toHaveBeenCalled();
    workers[1].emit('exit', null, 'SIGKILL');
    await expect(ended).resolves.toBe(1);
    expect(errors.mock.calls).toEqual([
      [expect.stringMatching(/^Worker 2 \(process 2\) ended with SIGKILL\. .*LISTEN_FDS.* so the server ends\.$/)],
    ]);
  });
});
