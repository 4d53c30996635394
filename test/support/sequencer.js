import Sequencer from '@jest/test-sequencer';

/** How long the slowest files take, in seconds. In a fresh clone, Jest has no times of an earlier run. */
const seconds = {
  'e2e/page-log': 60,
  'e2e/page': 50,
  'e2e/proxies': 40,
  'e2e/rolling-restart': 40,
  'e2e/several-servers': 30,
  image: 40,
  'fuzz/message-compression': 10,
  'libs/websockets/package': 30,
  'client/console/package': 25,
  'e2e/bounded': 25,
  'e2e/command-line': 25,
  'e2e/page-accessibility': 25,
  'deploy/nginx': 10,
  'docs/api': 20,
  'e2e/bounded-chat': 20,
  'e2e/page-composer': 20,
  'e2e/page-connection': 20,
  'e2e/page-firefox': 20,
  'e2e/runtimes': 20,
  'e2e/shutdown': 20,
  'fuzz/frame-parser': 5,
  package: 20,
  'two-commands': 20,
  'workers/workers': 30,
  'client/console/prompt/prompt': 15,
  'fuzz/web-socket-connection': 10,
  'conformance/transports': 10,
  'e2e/smoke': 10,
};

/** Starts the slowest files first, so that all workers end at about the same time. */
export default class SlowestFirst extends Sequencer {
  time(test) {
    const [, name = ''] = /[\\/]test[\\/](.*)\.spec\.ts$/.exec(test.path) ?? [];
    return super.time(test) ?? (seconds[name.replaceAll('\\', '/')] ?? 1) * 1000;
  }
}
