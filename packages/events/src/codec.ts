/**
 * Avro with Confluent framing: byte 0, schema id as 4 bytes big-endian, body. The only file that knows the Avro library.
 * Ids come from schemas/ids.lock.json, which is committed: an id never changes its meaning.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import avsc from 'avsc';
import { boundsOf } from './bounds.ts';
import { EventError } from './errors.ts';
import type { EventTypes } from './generated/events.ts';

export type EventName = keyof EventTypes;
export type Decoded = {
  readonly [Name in EventName]: { readonly name: Name; readonly event: EventTypes[Name] };
}[EventName];

export const HEADER_BYTES = 5;
const folder = join(import.meta.dirname, '../schemas');
const ids = JSON.parse(readFileSync(join(folder, 'ids.lock.json'), 'utf8')) as Record<EventName, number>;
const types = new Map<EventName, avsc.Type>();
const bounds = new Map<EventName, ReturnType<typeof boundsOf>>();
const namesById = new Map<number, EventName>();
for (const [name, id] of Object.entries(ids) as [EventName, number][]) {
  const schema = JSON.parse(readFileSync(join(folder, `${name}.avsc`), 'utf8')) as avsc.Schema;
  const type = avsc.Type.forSchema(schema);
  types.set(name, type);
  bounds.set(name, boundsOf(type));
  namesById.set(id, name);
}

/** Id of the schema that `encode` writes. */
export function schemaId(name: EventName): number {
  return ids[name];
}

/** @throws {EventError} UNENCODABLE naming the field and value that do not fit the schema. */
export function encode<Name extends EventName>(name: Name, event: EventTypes[Name]): Buffer {
  const type = types.get(name) as avsc.Type;
  try {
    const body = type.toBuffer(event);
    const framed = Buffer.allocUnsafe(HEADER_BYTES + body.length);
    framed[0] = 0;
    framed.writeUInt32BE(ids[name], 1);
    body.copy(framed, HEADER_BYTES);
    return framed;
  } catch (error) {
    throw new EventError('UNENCODABLE', `${name} does not fit its schema: ${whatFails(type, event) ?? String(error)}`, {
      cause: error,
    });
  }
}

/** @throws {EventError} UNDECODABLE, UNKNOWN_SCHEMA. */
export function decode(bytes: Uint8Array): Decoded {
  const name = nameOf(bytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = types.get(name) as avsc.Type;
  const fault = bounds.get(name)?.(bytes, HEADER_BYTES);
  if (fault !== undefined) throw undecodable(name, bytes, fault);
  try {
    const { value, offset } = type.decode(buffer, HEADER_BYTES) as { value: unknown; offset: number };
    if (offset !== bytes.length) throw undecodable(name, bytes, `the body ends at byte ${offset}`);
    return { name, event: value } as Decoded;
  } catch (error) {
    if (error instanceof EventError) throw error;
    throw undecodable(name, bytes, String(error), error);
  }
}

function undecodable(name: EventName, bytes: Uint8Array, fault: string, cause?: unknown): EventError {
  return new EventError(
    'UNDECODABLE',
    `the ${bytes.length} bytes are not a ${name}: ${fault}. Write the value with one Confluent-framed Avro body`,
    { cause },
  );
}

/** Which event a framed value holds, from its schema id. @throws {EventError} */
export function nameOf(bytes: Uint8Array): EventName {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0) {
    const start = Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString('hex');
    throw new EventError(
      'UNDECODABLE',
      `the value starts with 0x${start || '(nothing)'}, not with Confluent framing (byte 0, then a 4-byte schema id). Serialise it with a Confluent-compatible Avro serialiser`,
    );
  }
  const id =
    (((bytes[1] as number) << 24) |
      ((bytes[2] as number) << 16) |
      ((bytes[3] as number) << 8) |
      (bytes[4] as number)) >>>
    0;
  const name = namesById.get(id);
  if (name === undefined) {
    throw new EventError(
      'UNKNOWN_SCHEMA',
      `schema id ${id} is not one of ${[...namesById.keys()].join(', ')}. Write with a schema of packages/events/schemas`,
    );
  }
  return name;
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
