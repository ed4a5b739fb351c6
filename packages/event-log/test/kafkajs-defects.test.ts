/** Where each defect of kafkajs 2.2.4 that the adapter keeps away is shown: the list is that of docs/decisions/kafkajs.md and its sources. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const FAULTS = 'packages/event-log/test/kafkajs-faults.servers.test.ts';
const HEALTHY = 'packages/event-log/test/kafkajs-defects.servers.test.ts';
const ASSIGNER = 'packages/event-log/test/assigner.property.test.ts';
const GROUPS = 'packages/event-log/src/contract/groups.ts';
const STREAMS = 'packages/event-log/src/contract/streams.ts';
const TRANSACTIONS = 'packages/event-log/src/contract/transactions.ts';
const EXACTLY_ONCE = 'e2e/exactly-once.e2e.test.ts';

interface Row {
  readonly defect: string;
  /** Files, and words of the titles of tests in them. */
  readonly shown: readonly (readonly [file: string, title: string])[];
}

const ROWS: Readonly<Record<number, Row>> = {
  1: { defect: 'a timer of 1 ms on every idle connection', shown: [[HEALTHY, '#1 an idle producer']] },
  2: {
    defect: 'offsets committed in a transaction name no member, so that a zombie’s are taken',
    shown: [
      [HEALTHY, '#2 #3 nothing commits offsets in a transaction'],
      [FAULTS, '#2 #4 #6 a member that is stopped past its session'],
      [TRANSACTIONS, 'zombie: a take-over settles the open transaction'],
    ],
  },
  3: {
    defect: 'offsets read right after a transaction are stale',
    shown: [
      [HEALTHY, '#2 #3 nothing commits offsets in a transaction or asks for them'],
      [TRANSACTIONS, 'what was committed just before a take-over is read by the new owner'],
      [EXACTLY_ONCE, 'deleted group offsets change nothing'],
    ],
  },
  4: {
    defect: 'no callback before partitions move; the assignment is live before anybody hears of it',
    shown: [
      [GROUPS, 'members that come and go at once'],
      [GROUPS, 'assignments come one at a time'],
      [FAULTS, '#2 #4 #6 a member that is stopped past its session'],
      [FAULTS, '#4 #5 #11 #12 the coordinator'],
    ],
  },
  5: {
    defect: 'a rejoin inside one fetcher while other brokers’ batches still run',
    shown: [[FAULTS, '#4 #5 #11 #12 the coordinator']],
  },
  6: {
    defect: 'queued batches of an older generation still run',
    shown: [
      [STREAMS, 'a closed stream gives nothing more of what lay ready'],
      [FAULTS, '#2 #4 #6 a member that is stopped past its session'],
      [EXACTLY_ONCE, 'a zombie that wakes after its session'],
    ],
  },
  7: {
    defect: 'nothing is fetched while records are processed, or everything',
    shown: [
      [FAULTS, '#7 an unread stream is fetched ahead up to its high water'],
      [FAULTS, '#7 compressed records'],
    ],
  },
  8: {
    defect: 'a repeated send lands twice, elsewhere or not at all',
    shown: [
      [FAULTS, '#8 a send with key %s whose answer was lost'],
      [FAULTS, '#8 in a transaction it is not tried again'],
      [FAULTS, '#8 a send that was given up'],
      [FAULTS, '#8 a producer with a fence id that has failed'],
      [FAULTS, '#8 a leader that has moved'],
    ],
  },
  9: {
    defect: 'sequence numbers wrap to the wrong value',
    shown: [[HEALTHY, '#9 a producer replaced before its sequence numbers run out']],
  },
  10: {
    defect: 'snappy, lz4 and zstd stop the consumer',
    shown: [[HEALTHY, '#10 records that the broker compressed']],
  },
  11: {
    defect: 'a consumer stops without a word',
    shown: [
      [FAULTS, '#11 an answer that ends in its middle'],
      [FAULTS, '#11 a question about topics'],
      [FAULTS, '#11 #12 connections that lead nowhere'],
      [FAULTS, '#11 #12 a broker out of reach'],
      [FAULTS, '#4 #5 #11 #12 the coordinator'],
      [STREAMS, 'Reconnect: after a restart'],
    ],
  },
  12: {
    defect: 'a member tries for ever under a generation that is over',
    shown: [
      [FAULTS, '#11 #12 connections that lead nowhere'],
      [FAULTS, '#11 #12 a broker out of reach'],
      [FAULTS, '#11 #12 a broker that was down'],
      [FAULTS, '#4 #5 #11 #12 the coordinator'],
    ],
  },
  13: {
    defect: 'slow time-outs, and assignments that move everything',
    shown: [
      [FAULTS, '#13 with the settings of the port'],
      [ASSIGNER, '#13 a newcomer gets its share, and nothing else moves'],
      [ASSIGNER, '#13 nothing moves when nobody came or went'],
    ],
  },
};

test.each(Object.entries(ROWS))('#%s is shown where the list says', (number, { defect, shown }) => {
  expect(defect).not.toBe('');
  for (const [file, title] of shown) {
    const text = readFileSync(join(import.meta.dirname, '../../..', file), 'utf8');
    expect(text, `#${number} in ${file}`).toContain(title);
  }
});

test('the list has all 13', () => {
  expect(Object.keys(ROWS).map(Number)).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
});
