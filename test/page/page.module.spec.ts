import { join } from 'node:path';
import { pageOptions } from '../../src/page/page.module.js';

it('The page module rejects a missing build of the page, and names the build command', () => {
  const folder = join('no', 'such', 'folder');
  expect(() => pageOptions(folder)).toThrow(
    `${join(folder, 'index.html')} does not exist. Build it with: npm run build`,
  );
});
