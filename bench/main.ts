/** `npm run bench -- NAME`: runs one benchmark; without a name it lists them. With `--against COMMIT`: in turn with another commit. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from './against.ts';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !['main.ts', 'against.ts', 'against.test.ts'].includes(file))
  .map((file) => file.slice(0, -'.ts'.length));
const name = process.argv[2];
if (name === undefined || !existsSync(join(import.meta.dirname, `${name}.ts`))) {
  process.stderr.write(
    `usage: npm run bench -- NAME [ARGS] [--against COMMIT], where NAME is one of: ${names.join(', ')}\n`,
  );
  process.exit(name === undefined ? 0 : 2);
}
const at = process.argv.indexOf('--against');
if (at < 0) await import(`./${name}.ts`);
else {
  const [, commit = ''] = process.argv.splice(at, 2);
  compare(process.argv.slice(2), commit);
}
