import { BenchRun } from '../../../../client/console/src/bench/bench-run.js';
import { connect } from '../../../../client/console/src/connection/connect.js';
import { connectOptions } from '../../../../client/console/src/connection/connect-options.js';
import { closeWebSocketServers, startWebSocketServer } from '../../../support/web-socket-server.js';

const load = { connections: 1, inFlight: 3, duration: 3_600_000, size: 32, binary: false, verify: true };

afterEach(closeWebSocketServers);

describe('An interrupted closed loop', () => {
  it('waits for the outstanding echoes', async () => {
    const { run, sending, interruption, answer } = await interruptible();
    interruption.abort();
    await sending;
    const settled = run.settle(3_600_000, interruption.signal);
    answer();
    await settled;

    expect(run.result()).toMatchObject({ sent: 3, echoed: 3, unanswered: 0 });
  });

  it('waits at most as long as it has sent', async () => {
    const { run, sending, interruption } = await interruptible();
    interruption.abort();
    await sending;
    await run.settle(0, interruption.signal);

    expect(run.result()).toMatchObject({ sent: 3, echoed: 0, unanswered: 3 });
  });

  it('stops waiting at a second interruption', async () => {
    const { run, sending, interruption } = await interruptible({ duration: 1 });
    await sending;
    const settled = run.settle(3_600_000, interruption.signal);
    interruption.abort();
    await settled;

    expect(run.result()).toMatchObject({ sent: 3, echoed: 0, unanswered: 3 });
  });
});

/** A run with messages in flight to a server that answers on demand. */
async function interruptible(changed: Partial<typeof load> = {}): Promise<{
  run: BenchRun;
  sending: Promise<void>;
  interruption: AbortController;
  answer: () => void;
}> {
  const answers: (() => void)[] = [];
  let allThere = (): void => {};
  const arrived = new Promise<void>((resolve) => (allThere = resolve));
  const { url } = await startWebSocketServer((webSocket) =>
    webSocket.on('message', (data, binary) => {
      answers.push(() => webSocket.send(data, { binary }));
      if (answers.length === load.inFlight) {
        allThere();
      }
    }),
  );
  const interruption = new AbortController();
  const options = connectOptions(new URL(url), { connectTimeout: 0 }, {});
  const run = new BenchRun([await connect(options, interruption.signal)], { ...load, ...changed });
  const sending = run.send(interruption.signal);
  await arrived;
  return { run, sending, interruption, answer: () => answers.forEach((send) => send()) };
}
