/** Inputs of services that follow models: records as whole events, or as rows of numbers. */
import type { LogRecord } from '@weir/event-log/port';
import { type Decoded, decode } from '@weir/events/codec';
import type { PredictionReader, Row } from '@weir/events/prediction-reader';
import { BadRecord } from './fates.ts';
import type { Input, KeyedEvent } from './processor.ts';

/** An event with its whole content, under the model that it names. */
export type ModelEvent<Name extends Decoded['name']> = KeyedEvent & Extract<Decoded, { readonly name: Name }>;

/** @param names of the events that the topic carries, those for other services too */
export function eventInput<Name extends Decoded['name']>(
  topic: string,
  role: Input<KeyedEvent>['role'],
  ...names: readonly Name[]
): Input<ModelEvent<Name>> {
  return { topic, role, decode: (record) => modelEvent(topic, names, record) };
}

/** A data input of the predictions or features topic, of which the columns' numbers are read. */
export function rowInput<Name extends Row['name']>(
  topic: string,
  name: Name,
  reader: PredictionReader,
): Input<Row & { readonly name: Name }> {
  return { topic, role: 'data', decode: (record) => rowOf(topic, name, record, reader) };
}

/** @throws {BadRecord} */
export function rowOf<Name extends Row['name']>(
  topic: string,
  name: Name,
  record: LogRecord,
  reader: PredictionReader,
): Row & { readonly name: Name } {
  const value = valueOf(topic, [name], record);
  const row = reader.read(value);
  if (row?.name === name) return row as Row & { readonly name: Name };
  throw wrongEvent(row?.name ?? decode(value).name, topic, [name]);
}

function modelEvent<Name extends Decoded['name']>(
  topic: string,
  names: readonly Name[],
  record: LogRecord,
): ModelEvent<Name> {
  const { name, event } = decode(valueOf(topic, names, record));
  if (!(names as readonly string[]).includes(name)) throw wrongEvent(name, topic, names);
  const { model, issuedMs, eventTimeMs } = event as {
    readonly model: string;
    readonly issuedMs?: number;
    readonly eventTimeMs: number;
  };
  return { key: model, eventTimeMs: issuedMs ?? eventTimeMs, name, event } as ModelEvent<Name>;
}

/** @throws {BadRecord} TOMBSTONE */
function valueOf(topic: string, names: readonly string[], { value }: LogRecord): Uint8Array {
  if (value !== null) return value;
  throw new BadRecord('TOMBSTONE', `a record of ${topic} has no value; send a ${names.join(' or ')}`);
}

/** The error for an event that came in on a topic which carries others. */
function wrongEvent(name: string, topic: string, names: readonly string[]): BadRecord {
  const message = `a ${name} came in on ${topic}, which carries ${names.join(' and ')}; send it to its own topic`;
  return new BadRecord('WRONG_EVENT', message);
}
