/** What an input refuses before it looks at an event: a record without a value, and an event of another topic. */
import type { LogRecord } from '@weir/event-log/port';
import { BadRecord } from './fates.ts';

/** @throws {BadRecord} TOMBSTONE */
export function valueOf(topic: string, expected: string, { value }: LogRecord): Uint8Array {
  if (value === null) throw new BadRecord('TOMBSTONE', `a record of ${topic} has no value; send a ${expected}`);
  return value;
}

/** The error for an event that came in on a topic which carries another. */
export function wrongEvent(name: string, topic: string, expected: string): BadRecord {
  const message = `a ${name} came in on ${topic}, which carries ${expected}; send it to its own topic`;
  return new BadRecord('WRONG_EVENT', message);
}
