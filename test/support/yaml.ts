import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The YAML parser of @nestjs/swagger. */
const yaml = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'))('js-yaml') as {
  loadAll(text: string): unknown[];
};

/** The documents of a YAML file of the repository. @param path from its root */
export function readYaml(path: string): unknown[] {
  return yaml.loadAll(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
}
