/** Topics whose events belong to a model: how a record becomes an event, and what is refused before it is looked at. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { EventTypes } from '@weir/events/generated/events';
import type { PredictionReader, Row } from '@weir/events/prediction-reader';
import { BadRecord } from './fates.ts';
import type { Input, KeyedEvent } from './processor.ts';

type Timed = { readonly model: string } & ({ readonly eventTimeMs: number } | { readonly issuedMs: number });
/** Events that name a model and a time. */
export type ModelEventName = {
  [Name in keyof EventTypes]: EventTypes[Name] extends Timed ? Name : never;
}[keyof EventTypes];

/** Such an event with its whole content; its key is the model. */
export type ModelEvent<Name extends ModelEventName> = {
  [Each in Name]: KeyedEvent & { readonly name: Each; readonly event: EventTypes[Each] };
}[Name];

/** @param names what the topic carries; of these the service may leave some alone */
export function modelInput<Name extends ModelEventName>(
  role: 'control' | 'data',
  topic: string,
  ...names: readonly Name[]
): Input<ModelEvent<Name>> {
  return {
    topic,
    role,
    decode: (record) => {
      const { name, event } = decode(valueOf(topic, names, record));
      if (!(names as readonly string[]).includes(name)) throw wrongEvent(name, topic, names);
      const { model, ...timed } = event as Timed;
      return {
        key: model,
        eventTimeMs: 'issuedMs' in timed ? timed.issuedMs : timed.eventTimeMs,
        name,
        event,
      } as ModelEvent<Name>;
    },
  };
}

/** A data topic whose events are read as rows: `row` gives what the service needs of one. */
export function rowInput<Event extends KeyedEvent>(
  topic: string,
  expected: Row['name'],
  reader: PredictionReader,
  eventOf: (row: Row, value: Uint8Array) => Event,
): Input<Event> {
  return {
    topic,
    role: 'data',
    decode: (record) => {
      const value = valueOf(topic, [expected], record);
      const row = reader.read(value);
      if (row?.name === expected) return eventOf(row, value);
      throw wrongEvent(row?.name ?? decode(value).name, topic, [expected]);
    },
  };
}

/** @throws {BadRecord} TOMBSTONE */
export function valueOf(topic: string, names: readonly string[], { value }: LogRecord): Uint8Array {
  if (value !== null) return value;
  throw new BadRecord('TOMBSTONE', `a record of ${topic} has no value; send a ${names.join(' or ')}`);
}

/** For an event that came in on a topic which carries others. */
export function wrongEvent(name: string, topic: string, names: readonly string[]): BadRecord {
  const message = `a ${name} came in on ${topic}, which carries ${names.join(' and ')}; send it to its own topic`;
  return new BadRecord('WRONG_EVENT', message);
}
