import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../soak/main.mjs', import.meta.url));

describe('A short soak', () => {
  it('finds that healthy clients lose nothing, and that nothing stays behind', () => {
    const args = [main, '--seconds', '3', '--connections', '20', '--max-wait', '0'];

    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });

    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/\nAll is as it was before\.\n$/) as string,
      stderr: '',
    });
  }, 300_000);
});
