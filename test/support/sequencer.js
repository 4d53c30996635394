import Sequencer from '@jest/test-sequencer';

/** Seconds that the slowest files take. In a fresh clone, Jest has no times of an earlier run. */
const seconds = {
  'e2e/page-log': 60,
  'e2e/page': 60,
};

/** Starts with the slowest files, so that all workers end at about the same time. */
export default class SlowestFirst extends Sequencer {
  time(test) {
    const [, name = ''] = /[\\/]test[\\/](.*)\.spec\.ts$/.exec(test.path) ?? [];
    return super.time(test) ?? (seconds[name.replaceAll('\\', '/')] ?? 1) * 1000;
  }
}
