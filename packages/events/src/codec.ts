/**
 * Avro with Confluent framing: byte 0, schema id as 4 bytes big-endian, body. The only file that knows the Avro library.
 * Ids come from schemas/ids.lock.json, which is committed, or from a registry (`registry.ts`): an id never changes its meaning, so what was
 * written under an older one (`schemas/published`) stays readable.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type avsc from 'avsc';
import { type Bounds, boundsOf, type Fault } from './bounds.ts';
import { EventError } from './errors.ts';
import { typeOf } from './exact-long.ts';
import type { EventTypes } from './generated/events.ts';

export type EventName = keyof EventTypes;
export type Decoded = {
  readonly [Name in EventName]: { readonly name: Name; readonly event: EventTypes[Name] };
}[EventName];

export type SchemaIds = Readonly<Record<EventName, number>>;
/** The schema behind an id that is not ours: `pending` while a registry is asked, `unknown` when it has none or not one of our events. */
export type WriterSchemas = (
  id: number,
) => { readonly name: EventName; readonly schema: object } | 'pending' | 'unknown';

interface Foreign {
  readonly name: EventName;
  readonly bounds: Bounds;
  readonly resolver: avsc.Resolver;
}

export const HEADER_BYTES = 5;
const folder = join(import.meta.dirname, '../schemas');
const published: readonly string[] = readdirSync(join(folder, 'published'));
/** Process-wide: which ids stand for which schemas is a fact of the installation, settled before the first event. */
let ids = JSON.parse(readFileSync(join(folder, 'ids.lock.json'), 'utf8')) as SchemaIds;
let writers: WriterSchemas = publishedSchema;
const foreign = new Map<number, Foreign>();
const types = new Map<EventName, avsc.Type>();
const bounds = new Map<EventName, Bounds>();
const namesById = new Map<number, EventName>();
/** Schemas as they stand in their files, for a registry. */
export const SCHEMAS: ReadonlyMap<EventName, object> = new Map(
  (Object.keys(ids) as EventName[]).map((name) => [
    name,
    JSON.parse(readFileSync(join(folder, `${name}.avsc`), 'utf8')) as object,
  ]),
);
for (const [name, id] of Object.entries(ids) as [EventName, number][]) {
  const type = typeOf(SCHEMAS.get(name) as object);
  types.set(name, type);
  bounds.set(name, boundsOf(type));
  namesById.set(id, name);
}

/** What an id of an earlier version stands for. */
function publishedSchema(id: number): ReturnType<WriterSchemas> {
  if (!published.includes(`${id}.avsc`)) return 'unknown';
  const schema = JSON.parse(readFileSync(join(folder, `published/${id}.avsc`), 'utf8')) as { readonly name: EventName };
  return { name: schema.name, schema };
}

/** From now on ids mean what a registry says. To be called before the first event and before any reader is made. */
export function adoptSchemaIds(adopted: SchemaIds, lookup: WriterSchemas): void {
  ids = adopted;
  writers = lookup;
  foreign.clear();
  namesById.clear();
  for (const [name, id] of Object.entries(adopted) as [EventName, number][]) namesById.set(id, name);
}

/** Id of the schema that `encode` writes. */
export function schemaId(name: EventName): number {
  return ids[name];
}

/** @throws {EventError} UNENCODABLE naming the field and value that do not fit the schema or pass a bound: what is written can be read. */
export function encode<Name extends EventName>(name: Name, event: EventTypes[Name]): Buffer {
  const body = bodyOf(name, event);
  const fault = (bounds.get(name) as Bounds)(body, 0);
  if (fault !== undefined) throw new EventError('UNENCODABLE', `${name} passes a bound: ${fault.message}`);
  const framed = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  framed[0] = 0;
  framed.writeUInt32BE(ids[name], 1);
  body.copy(framed, HEADER_BYTES);
  return framed;
}

function bodyOf<Name extends EventName>(name: Name, event: EventTypes[Name]): Buffer {
  const type = types.get(name) as avsc.Type;
  try {
    return type.toBuffer(event);
  } catch (error) {
    throw new EventError('UNENCODABLE', `${name} does not fit its schema: ${whatFails(type, event) ?? String(error)}`, {
      cause: error,
    });
  }
}

/** @throws {EventError} UNDECODABLE, UNKNOWN_SCHEMA, OUT_OF_BOUNDS. */
export function decode(bytes: Uint8Array): Decoded {
  const id = idOf(bytes);
  const own = namesById.get(id);
  const other = own === undefined ? foreignOf(id) : undefined;
  const name = (own ?? other?.name) as EventName;
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = types.get(name) as avsc.Type;
  const fault = (other?.bounds ?? (bounds.get(name) as Bounds))(bytes, HEADER_BYTES);
  if (fault !== undefined) throw refused(name, bytes, fault);
  try {
    const { value, offset } = type.decode(buffer, HEADER_BYTES, other?.resolver) as { value: unknown; offset: number };
    if (offset !== bytes.length) throw undecodable(name, bytes, `the body ends at byte ${offset}`);
    return { name, event: value } as Decoded;
  } catch (error) {
    if (error instanceof EventError) throw error;
    throw undecodable(name, bytes, String(error), error);
  }
}

function refused(name: EventName, bytes: Uint8Array, { code, message }: Fault): EventError {
  return code === 'OUT_OF_BOUNDS' ? new EventError(code, `${name}: ${message}`) : undecodable(name, bytes, message);
}

function undecodable(name: EventName, bytes: Uint8Array, fault: string, cause?: unknown): EventError {
  return new EventError(
    'UNDECODABLE',
    `the ${bytes.length} bytes are not a ${name}: ${fault}. Write the value with one Confluent-framed Avro body`,
    { cause },
  );
}

/** @throws {EventError} UNDECODABLE when the framing is not Confluent's. */
function idOf(bytes: Uint8Array): number {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0) {
    const start = Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString('hex');
    throw new EventError(
      'UNDECODABLE',
      `the value starts with 0x${start || '(nothing)'}, not with Confluent framing (byte 0, then a 4-byte schema id). Serialise it with a Confluent-compatible Avro serialiser`,
    );
  }
  return (
    (((bytes[1] as number) << 24) |
      ((bytes[2] as number) << 16) |
      ((bytes[3] as number) << 8) |
      (bytes[4] as number)) >>>
    0
  );
}

/** @throws {EventError} UNKNOWN_SCHEMA; retriable while a registry has not answered yet. */
function foreignOf(id: number): Foreign {
  const known = foreign.get(id);
  if (known !== undefined) return known;
  const found = writers(id);
  if (found === 'pending')
    throw new EventError('UNKNOWN_SCHEMA', `schema id ${id}: the registry has not answered yet`, { retriable: true });
  const refuse = (rule: string): never => {
    throw new EventError(
      'UNKNOWN_SCHEMA',
      `schema id ${id} ${rule}; ours are ${[...namesById.keys()].join(', ')}. Write with a schema of packages/events/schemas`,
    );
  };
  if (found === 'unknown') return refuse('is not one of ours');
  try {
    const type = typeOf(found.schema);
    const resolver = (types.get(found.name) as avsc.Type).createResolver(type);
    const made = { name: found.name, bounds: boundsOf(type), resolver };
    foreign.set(id, made);
    return made;
  } catch (error) {
    // Not a schema, not compatible, or one that contains itself, which no walk of it ends on.
    return refuse(
      `is a ${found.name} that cannot be read as ours (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function whatFails(type: avsc.Type, event: unknown): string | undefined {
  let said: string | undefined;
  type.isValid(event, {
    errorHook: (path: string[], value: unknown, expected: avsc.Type) => {
      said ??= `field ${path.join('.')} is ${JSON.stringify(value) ?? String(value)}, expected ${expected.toString().slice(0, 80)}`;
    },
  });
  return said;
}
