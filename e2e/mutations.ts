/** Records as a hostile or broken producer sends them: valid ones of every input of a detector, and what becomes of them by damage. */

import { partitionFor } from '@weir/event-log/partition';
import type { Headers, NewRecord } from '@weir/event-log/port';
import { decode, encode } from '@weir/events/codec';
import { topicName } from '@weir/events/topics';
import { writeVarint } from '@weir/events/varint';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { MODELS, PARTITIONS } from './scenario.ts';

/** What a service must do with a record; `either`: the damage may have left a valid event, of another content. */
export type Fate = 'taken' | 'refused' | 'either';

export interface Sent {
  readonly record: NewRecord;
  readonly fate: Fate;
}

const START_MS = Date.UTC(2026, 0, 1);
const FUTURE_MS = Date.UTC(2199, 0, 1);
/** Damage to control records is kept away from the models whose predictions must be taken. */
const VICTIM = 'another-model';
const NAMES = {
  predictions: 'PredictionLogged',
  features: 'FeaturesLogged',
  models: 'ModelVersionRegistered',
  references: 'ReferenceSet',
  commands: 'CommandIssued',
} as const;
type Topic = keyof typeof NAMES;
const OTHER: Readonly<Record<Topic, Topic>> = {
  predictions: 'commands',
  features: 'predictions',
  models: 'references',
  references: 'features',
  commands: 'models',
};
/** Where the body begins; texts shorter than 64 bytes have a length of one byte. */
const FIRST_TEXT = 5;
/** Lengths, counts and times as an attacker would announce them. */
const HOSTILE = [2 ** 40, -(2 ** 40), 2 ** 31, 9e15, -9e15, -1, 513, 65_536, Number.MIN_SAFE_INTEGER].map(writeVarint);
/** Of damage that may leave a valid event. */
const UNSURE = ['bit', 'bits', 'byte', 'length', 'text'] as const;
const SURE = [
  'whole',
  'headers',
  'torn',
  'longer',
  'noise',
  'schema',
  'topic',
  'key',
  'empty',
  'future',
  'shape',
  'name',
];
const KINDS = [...SURE, ...UNSURE];
/** Some of them what Weir writes into headers of its own. */
const HEADER_NAMES = [
  '',
  'a',
  'a',
  '__streams.errors.offset',
  '__streams.errors.topic',
  'weir.oversized',
  'ü'.repeat(99),
];
/** Beyond what a dead letter keeps of headers, and of a value. */
const LARGE_HEADER_BYTES = 40_000;
const LARGE_BYTES = 1_000_000;

export class Mutations {
  readonly #rng: ReturnType<typeof xoroshiro128plus>;
  readonly #prefix: string;
  #index = 0;

  constructor(seed: number, prefix: string) {
    this.#rng = xoroshiro128plus(seed);
    this.#prefix = prefix;
  }

  next(): Sent {
    this.#index += 1;
    const topic = this.#topic();
    const isData = topic === 'predictions' || topic === 'features';
    const model = isData ? (MODELS[this.#below(MODELS.length)] as string) : VICTIM;
    const kind = KINDS[this.#below(KINDS.length)] as string;
    const value = this.#value(topic, model, kind);
    const record: NewRecord = {
      topic: topicName(this.#prefix, topic),
      partition: partitionFor(model, PARTITIONS),
      key: kind === 'key' ? null : Buffer.from(model),
      value,
      headers: kind === 'headers' || this.#below(10) === 0 ? this.#headers() : [],
    };
    const isWhole = kind === 'whole' || kind === 'headers';
    if (isWhole) return { record, fate: isData ? 'taken' : 'either' };
    const isUnsure = UNSURE.some((each) => each === kind);
    return { record, fate: isUnsure && isReadable(topic, value) ? 'either' : 'refused' };
  }

  /** Control records are few, as they are in life: those that are taken are kept for ever. */
  #topic(): Topic {
    const at = this.#below(100);
    if (at < 64) return 'predictions';
    return at < 97 ? 'features' : ((['models', 'references', 'commands'] as const)[at - 97] as Topic);
  }

  #value(topic: Topic, model: string, kind: string): Buffer | null {
    switch (kind) {
      case 'empty':
        return null;
      case 'topic':
        return this.#valid(OTHER[topic], model);
      case 'noise':
        return Buffer.concat([Buffer.of(1 + this.#below(255)), this.#noise(400)]);
      case 'schema':
        return Buffer.concat([Buffer.of(0, 1 + this.#below(200), 0, 0, 0), this.#noise(60)]);
      case 'future':
        return this.#valid(topic, model, { eventTimeMs: FUTURE_MS, issuedMs: FUTURE_MS });
      case 'shape':
        if (topic === 'predictions' || topic === 'features') return this.#valid(topic, model, { numeric: [1, 2, 3] });
        return this.#valid(OTHER[topic], model);
      case 'name':
        return this.#withLongName(this.#valid(topic, model));
      default:
        return this.#damaged(this.#valid(topic, model), kind);
    }
  }

  #damaged(bytes: Buffer, kind: string): Buffer {
    const at = this.#below(bytes.length);
    const flip = (place: number): void =>
      void bytes.writeUInt8((bytes[place] as number) ^ (1 << this.#below(8)), place);
    if (kind === 'torn') return bytes.subarray(0, at);
    if (kind === 'longer')
      return Buffer.concat([
        bytes,
        Buffer.of(0),
        this.#below(300) === 0 ? Buffer.alloc(this.#below(LARGE_BYTES)) : this.#noise(2_000),
      ]);
    if (kind === 'bit') flip(at);
    if (kind === 'bits') for (let left = 1 + this.#below(20); left > 0; left -= 1) flip(this.#below(bytes.length));
    if (kind === 'byte') bytes[at] = this.#below(256);
    if (kind === 'length') return this.#spliced(bytes, at, HOSTILE[this.#below(HOSTILE.length)] as Buffer);
    if (kind === 'text') {
      const text = Buffer.alloc(this.#below(3_000), this.#below(256));
      return this.#spliced(bytes, at, Buffer.concat([writeVarint(text.length), text]));
    }
    return bytes;
  }

  #valid(topic: Topic, model: string, change: object = {}): Buffer {
    const index = this.#index;
    const id = `${topic}/${index}`;
    const eventTimeMs = START_MS + index;
    const numeric = [(index * 0.618034) % 1, index % 101 === 3 ? Number.NaN : (index * 0.754878) % 1];
    if (topic === 'predictions')
      return predictionOf({ model, id, eventTimeMs, numeric, segment: { region: 'eu' }, ...change });
    if (topic === 'features')
      return encode('FeaturesLogged', {
        model,
        id,
        eventTimeMs,
        numeric,
        featureSet: 'fs',
        categorical: [],
        ...change,
      });
    if (topic === 'models') return registrationOf(['x', 'y'], { model, eventTimeMs, ...change });
    if (topic === 'references')
      return referenceSetOf({ model, column: 'x', values: [0, 0.5, 1], counts: [1, 2, 1], eventTimeMs, ...change });
    const principal = { id: 'ana', roles: ['operator'] };
    const subject = { until: '2026-02-01T00:00:00Z' };
    return encode('CommandIssued', {
      id,
      model,
      action: 'mute',
      subject,
      reason: '',
      principal,
      issuedMs: eventTimeMs,
      ...change,
    });
  }

  /** The first text of every event is a name or an id: one beyond its bound. */
  #withLongName(bytes: Buffer): Buffer {
    const text = Buffer.alloc(1_025 + this.#below(4_000), 'm');
    const end = FIRST_TEXT + 1 + (bytes[FIRST_TEXT] as number) / 2;
    return Buffer.concat([bytes.subarray(0, FIRST_TEXT), writeVarint(text.length), text, bytes.subarray(end)]);
  }

  #spliced(bytes: Buffer, at: number, inserted: Buffer): Buffer {
    return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + this.#below(3))]);
  }

  #headers(): Headers {
    return Array.from({ length: this.#below(6) }, () => {
      const name = HEADER_NAMES[this.#below(HEADER_NAMES.length)] as string;
      return [name, this.#below(100) === 0 ? Buffer.alloc(LARGE_HEADER_BYTES) : this.#noise(40)] as const;
    });
  }

  /** Random bytes, fewer than `end`. */
  #noise(end: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(end) }, () => this.#below(256)));
  }

  #below(end: number): number {
    return uniformInt(this.#rng, 0, end - 1);
  }
}

function isReadable(topic: Topic, value: Buffer | null): boolean {
  try {
    return value !== null && decode(value).name === NAMES[topic];
  } catch {
    return false;
  }
}
