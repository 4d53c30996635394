import { join } from 'node:path';
import { pageOptions } from '../../src/page/page.module.js';

it('A page that was not built is an error that names the command which builds it', () => {
  const folder = join('no', 'such', 'folder');
  expect(() => pageOptions(folder)).toThrow(
    `${join(folder, 'index.html')} does not exist. Build it with: npm run build`,
  );
});
