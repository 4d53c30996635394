import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the package that a module belongs to: the nearest one above it that has a package.json. It is the same
 * for a module in src/ and for what the build makes of it in dist/src/.
 *
 * @param moduleUrl - the module's `import.meta.url`
 */
export function packageRootOf(moduleUrl: string): string {
  let folder = dirname(fileURLToPath(moduleUrl));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new Error(`No package.json in any folder above ${fileURLToPath(moduleUrl)}`);
    }
    folder = parent;
  }
  return folder;
}
