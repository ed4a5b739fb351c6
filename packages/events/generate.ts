/**
 * Writes src/generated/events.ts from the schemas, and schemas/published/ID.avsc for each id that has none yet: what an id means never changes.
 * `--check` writes nothing and exits 1 when the generated file is stale.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Schema = string | readonly Schema[] | NamedSchema;
interface NamedSchema {
  readonly type: string;
  readonly name?: string;
  readonly doc?: string;
  readonly items?: Schema;
  readonly values?: Schema;
  readonly symbols?: readonly string[];
  readonly fields?: readonly { readonly name: string; readonly type: Schema; readonly doc: string }[];
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  null: 'null',
  string: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Uint8Array',
};
const folder = import.meta.dirname;
const target = join(folder, 'src/generated/events.ts');

/** TypeScript of all schemas in `schemas/`, sorted by name: the same input gives the same bytes. */
export function generateTypes(): string {
  const declarations = new Map<string, string>();
  const names = readdirSync(join(folder, 'schemas'))
    .filter((file) => file.endsWith('.avsc'))
    .sort()
    .map((file) => file.slice(0, -'.avsc'.length));
  for (const name of names) {
    typeOf(JSON.parse(readFileSync(join(folder, 'schemas', `${name}.avsc`), 'utf8')) as Schema, declarations);
  }
  const table = names.map((name) => `  readonly ${name}: ${name};`).join('\n');
  return `// Generated from schemas/*.avsc by generate.ts. Do not edit.\n${[...declarations.values()].join('\n')}\n/** Every event by its name. */\nexport interface EventTypes {\n${table}\n}\n`;
}

/** @throws when two schemas give one name to different records: a type that is shared must be the same in every file */
function typeOf(schema: Schema, declarations: Map<string, string>): string {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? schema;
  if (Array.isArray(schema)) return schema.map((branch: Schema) => typeOf(branch, declarations)).join(' | ');
  const named = schema as NamedSchema;
  if (named.type === 'array') return `readonly (${typeOf(named.items as Schema, declarations)})[]`;
  if (named.type === 'map') return `Readonly<Record<string, ${typeOf(named.values as Schema, declarations)}>>`;
  if (named.type === 'enum') return (named.symbols ?? []).map((symbol) => `'${symbol}'`).join(' | ');
  if (named.type !== 'record') return typeOf(named.type, declarations);
  const fields = (named.fields ?? []).map(
    (field) => `  /** ${field.doc} */\n  readonly ${field.name}: ${typeOf(field.type, declarations)};`,
  );
  const name = named.name as string;
  const declaration = `/** ${named.doc} */\nexport interface ${name} {\n${fields.join('\n')}\n}\n`;
  if ((declarations.get(name) ?? declaration) !== declaration)
    throw new Error(`two schemas declare ${name} differently; make them the same, docs included, or rename one`);
  declarations.set(name, declaration);
  return name;
}

function publish(): void {
  const ids = JSON.parse(readFileSync(join(folder, 'schemas/ids.lock.json'), 'utf8')) as Record<string, number>;
  for (const [name, id] of Object.entries(ids)) {
    const published = join(folder, `schemas/published/${id}.avsc`);
    if (!existsSync(published)) writeFileSync(published, readFileSync(join(folder, 'schemas', `${name}.avsc`)));
  }
}

if (import.meta.main) {
  const wanted = generateTypes();
  if (!process.argv.includes('--check')) {
    writeFileSync(target, wanted);
    publish();
  } else if (readFileSync(target, 'utf8') !== wanted) {
    process.stderr.write(
      'src/generated/events.ts is stale: run `node packages/events/generate.ts` and commit the result\n',
    );
    process.exit(1);
  }
}
