/** Answers of effects as records of `<service>.results`. */
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { decode, encode } from '@weir/events/codec';
import { BadRecord } from '../fates.ts';
import type { KeyedEvent } from '../processor.ts';
import type { EffectAnswer } from './effect.ts';

export interface AnsweredEvent extends KeyedEvent {
  readonly answer: EffectAnswer;
}

/** @throws {BadRecord} */
export function decodeAnswer({ value }: LogRecord): AnsweredEvent {
  if (value === null)
    throw new BadRecord('TOMBSTONE', 'a record of results has no value; only the service writes here');
  const { name, event } = decode(value);
  if (name !== 'EffectAnswered')
    throw new BadRecord('WRONG_EVENT', `a ${name} came in on results, which carries EffectAnswered`);
  const { key, ...rest } = event;
  return { key, eventTimeMs: event.answeredMs, answer: rest };
}

export function answerRecord(topic: string, partition: number, key: string, answer: EffectAnswer): NewRecord {
  const { payload, ...rest } = answer;
  const value = encode('EffectAnswered', { ...rest, key, payload: Buffer.from(payload) });
  return { topic, partition, key: Buffer.from(key), value };
}
