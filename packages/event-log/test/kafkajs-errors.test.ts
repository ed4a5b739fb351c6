/** What a broker says of several topics reaches the person who reads the message. */
import { expect, test } from 'vitest';
import { logErrorOf } from '../src/kafkajs/errors.ts';

/** As kafkajs throws it of CreateTopics. */
function refused(...topics: readonly (readonly [topic: string, type: string])[]): Error {
  const errors = topics.map(([topic, type]) => Object.assign(new Error(`The broker said ${type}`), { topic, type }));
  return Object.assign(new Error('Topic creation errors'), { name: 'KafkaJSAggregateError', errors });
}

test('each topic with its reason; what exists already is no reason', () => {
  const error = logErrorOf(
    refused(['w.models', 'TOPIC_ALREADY_EXISTS'], ['w.alerts', 'REQUEST_TIMED_OUT'], ['w.dlq', 'NOT_CONTROLLER']),
    'creating w.models and 2 more',
  );
  expect(error.code).toBe('RETRIABLE');
  expect(error.message).toBe(
    'creating w.models and 2 more: w.alerts: REQUEST_TIMED_OUT, w.dlq: NOT_CONTROLLER; the same call may succeed later',
  );
});

test('one that waiting does not mend decides', () => {
  const error = logErrorOf(refused(['a', 'REQUEST_TIMED_OUT'], ['b', 'TOPIC_AUTHORIZATION_FAILED']), 'creating a');
  expect(error.code).toBe('FATAL');
  expect(error.message).toMatch(/^creating a: a: REQUEST_TIMED_OUT, b: TOPIC_AUTHORIZATION_FAILED; check the settings/);
});

test('too few brokers is said as such, and may pass', () => {
  const error = logErrorOf(refused(['a', 'INVALID_REPLICATION_FACTOR']), 'creating a');
  expect(error.code).toBe('RETRIABLE');
  expect(error.message).toContain('fewer brokers are up than the topic is to have copies');
});
