/** Events of which a test names what it cares about. */
import { createHash } from 'node:crypto';
import type { NewRecord } from '@weir/event-log/port';
import { decode, encode } from '@weir/events/codec';
import type {
  AlertRaised,
  CommandIssued,
  GovernanceEntry,
  OutcomeObserved,
  PredictionLogged,
} from '@weir/events/generated/events';
import type { Entry } from '@weir/ledger/entry';
import { Fold } from '@weir/service-kit/processing/fold';
import type { Output } from '@weir/service-kit/processor';
import { predictionOf, registrationOf } from '@weir/testkit/events';
import { PROMOTION_DEFAULTS } from '../src/config.ts';
import type { KernelConfig } from '../src/decision-log.ts';
import type { PromotionEvent } from '../src/kernel.ts';
import { createPromotionProcessor } from '../src/processor.ts';
import { type Signer, UNSIGNED } from '../src/signer.ts';
import type { ModelState } from '../src/state.ts';

export const NOW_MS: number = Date.parse('2026-11-24T00:00:00Z');
export const CONFIG: KernelConfig = { ...PROMOTION_DEFAULTS, allowedLatenessMs: 1_000, idleAfterMs: 3_600_000 };

export const POLICY: Readonly<Record<string, unknown>> = {
  kind: 'PromotionPolicy',
  model: 'm',
  reward: { metric: 'label', window: '3s', missing: 'zero', unit: 'account' },
  allocation: { policy: 'fixed', share: 0.5 },
  duration: { min: '1s', max: '30d' },
  exposure: 20,
  guardrails: [
    { kind: 'harm' },
    { kind: 'join-rate' },
    { kind: 'sample-ratio' },
    { kind: 'error-rate' },
    { kind: 'latency' },
  ],
  approval: { required: 0 },
  holdback: { share: 0 },
  cooldown: '10s',
};

export function record(topic: string, model: string, value: Uint8Array): NewRecord {
  return { topic, partition: 0, key: Buffer.from(model), value };
}

export function version(model: string, name: string, digest: string | null = null): NewRecord {
  return record('models', model, registrationOf(['x'], { model, version: name, digest, eventTimeMs: NOW_MS - 1e6 }));
}

export function policySet(model: string, changed: object = {}, author = 'ada'): NewRecord {
  const policy = JSON.stringify({ ...POLICY, model, ...changed });
  const hash = createHash('sha256').update(policy).digest('hex');
  const principal = { id: author, roles: ['write'] };
  return record(
    'models',
    model,
    encode('PolicySet', { model, policy, hash, principal, eventTimeMs: NOW_MS - 1e6, id: `${model}/${hash}` }),
  );
}

export function prediction(
  model: string,
  event: Partial<PredictionLogged> & Pick<PredictionLogged, 'id' | 'eventTimeMs'>,
): NewRecord {
  return record('predictions', model, predictionOf({ model, numeric: [], outputs: [0.5], ...event }));
}

export function outcome(
  model: string,
  event: Partial<OutcomeObserved> & Pick<OutcomeObserved, 'predictionId' | 'eventTimeMs'>,
): NewRecord {
  return record('outcomes', model, encode('OutcomeObserved', { model, label: 1, reward: null, revision: 0, ...event }));
}

export function command(
  model: string,
  event: Partial<CommandIssued> & Pick<CommandIssued, 'id' | 'action'>,
): NewRecord {
  const filled = { subject: {}, reason: '', principal: { id: 'ada', roles: ['*'] }, issuedMs: NOW_MS };
  return record('commands', model, encode('CommandIssued', { model, ...filled, ...event }));
}

export function alert(model: string, event: Partial<AlertRaised> & Pick<AlertRaised, 'id' | 'eventTimeMs'>): NewRecord {
  const filled: AlertRaised = {
    fingerprint: event.id,
    model,
    version: null,
    column: 'x',
    segment: null,
    kind: 'drift',
    rule: 'ks-100',
    severity: 'critical',
    summary: `${model}: x moved`,
    advice: '',
    value: 1,
    threshold: 0.5,
    unit: null,
    sinceMs: event.eventTimeMs,
    window: null,
    evidence: { topic: 'predictions', partition: 0, eventId: 'p' },
    rate: null,
    labels: {},
    drift: null,
    anomaly: null,
    quality: null,
    fairness: null,
    performance: null,
    promotion: null,
    escalates: null,
    ...event,
  };
  return record('alerts', model, encode('AlertRaised', filled));
}

export function resolved(model: string, raisedId: string, eventTimeMs: number): NewRecord {
  const { event } = decode(alert(model, { id: raisedId, eventTimeMs }).value as Uint8Array) as { event: AlertRaised };
  const { escalates: _, ...rest } = event;
  return record(
    'alerts',
    model,
    encode('AlertResolved', {
      ...rest,
      id: `${raisedId}/over`,
      raisedId,
      raisedAtMs: eventTimeMs,
      reason: 'recovered',
    }),
  );
}

/** A fold that is fed record by record, with what left it. */
export class Stage {
  readonly fold: Fold<ModelState, PromotionEvent>;
  readonly outputs: Output[] = [];
  readonly rejections: { readonly code: string; readonly message: string }[] = [];
  #offset = 0n;

  constructor(config: KernelConfig = CONFIG, signers: readonly Signer[] = [UNSIGNED]) {
    const options = { partition: 0, partitions: 1, futureBoundMs: 3_600_000 };
    this.fold = new Fold(createPromotionProcessor(signers), config, options, NOW_MS);
  }

  feed(...records: readonly NewRecord[]): void {
    for (const { topic, key, value } of records)
      this.fold.records(topic, [{ offset: this.#offset++, key, value, headers: [], timestampMs: 0 }], {
        output: (output) => void this.outputs.push(output),
        reject: (_, __, rejection) => void this.rejections.push(rejection),
      });
  }

  get entries(): readonly Entry[] {
    return this.outputs
      .filter(({ topic }) => topic === 'governance-log')
      .map(({ value }) => entryIn(value as Uint8Array));
  }

  /** Kinds of the entries, without those that every model begins with. */
  get kinds(): readonly string[] {
    const first = ['epoch-claim', 'version-registered', 'policy-set', 'test-opened'];
    return this.entries.map(({ kind, decision }) => decision.action || kind).filter((kind) => !first.includes(kind));
  }

  state(model = 'm'): ModelState {
    const found = [...this.fold.keys.values()].find(({ key }) => key === model);
    if (found === undefined) throw new Error(`nothing is known of ${model}`);
    return found.state;
  }

  view(kind: string, model = 'm'): Record<string, never> {
    const { json } =
      this.fold.kernel.views(model, this.state(model)).find(({ key }) => key === `${kind}/${model}`) ?? {};
    return JSON.parse(json ?? 'null') as Record<string, never>;
  }
}

export function entryIn(value: Uint8Array): Entry {
  const { event } = decode(value) as { event: GovernanceEntry };
  return JSON.parse(Buffer.from(event.entry).toString()) as Entry;
}

export interface Traffic {
  readonly champion?: string;
  readonly challenger?: string;
  /** One in how many fails. */
  readonly championFails?: number;
  readonly challengerFails?: number;
  /** First output of the challenger; NaN is an error. */
  readonly output?: number;
  readonly prefix?: string;
}

/** Pairs of predictions, one of each version every 100 ms, with outcomes a second later. */
export function* traffic(model: string, pairs: number, fromMs: number, options: Traffic = {}): Generator<NewRecord> {
  const {
    champion = 'a',
    challenger = 'b',
    championFails = 2,
    challengerFails = 10,
    output = 0.5,
    prefix = 'p',
  } = options;
  for (let pair = 0; pair < pairs; pair += 1)
    for (const [name, fails, first] of [
      [champion, championFails, 0.5],
      [challenger, challengerFails, output],
    ] as const) {
      const eventTimeMs = fromMs + pair * 100;
      const id = `${prefix}${pair}${name}`;
      yield prediction(model, { id, version: name, eventTimeMs, outputs: [first] });
      yield outcome(model, { predictionId: id, eventTimeMs: eventTimeMs + 1_000, label: pair % fails === 0 ? 0 : 1 });
    }
}
