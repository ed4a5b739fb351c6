/** Witnesses in the fold: who is asked when, what is believed of their answers, and that none of it depends on restarts. */
import { isDeepStrictEqual } from 'node:util';
import { decode, encode } from '@weir/events/codec';
import { checkpointLine, parseCheckpoint, signCheckpoint } from '@weir/ledger/checkpoint';
import { formatVkey } from '@weir/ledger/keys';
import { parseNote } from '@weir/ledger/note';
import type { Effect } from '@weir/service-kit/effects/effect';
import { Fold } from '@weir/service-kit/processing/fold';
import { expect, test } from 'vitest';
import { witnessSigner } from '../../../packages/ledger/test/scene.ts';
import { STORE } from '../src/kernel.ts';
import type { LogConfig } from '../src/log-trust.ts';
import { createLogProcessor } from '../src/processor.ts';
import { decodeRequest, encodeAnswer } from '../src/store-request.ts';
import { decodeWitnessRequest, encodeWitnessAnswer, type WitnessAnswer } from '../src/witness-request.ts';
import { CONFIG, entryRecord, KEYS, NOW_MS, newAuthor } from './scene.ts';

const [w1, w2, stranger] = [21, 22, 23].map((seed) => witnessSigner(seed, `w${seed}.example`)) as [
  Signer,
  Signer,
  Signer,
];
type Signer = ReturnType<typeof witnessSigner>;
const policy = [w1, w2].map(({ key }, at) => `witness W${at + 1} ${formatVkey(key)} https://w${at + 1}.example`);
const WITNESSED: LogConfig = { ...CONFIG, witnessLines: [...policy, 'group both all W1 W2', 'quorum both'] };
const FOLDING = { partition: 0, partitions: 1, futureBoundMs: 3_600_000 };

/** A fold that is saved and restored before everything that happens to it. */
class World {
  readonly published: { readonly size: number; readonly note: string }[] = [];
  readonly alerts: string[] = [];
  readonly notes = new Map<number, string>();
  readonly #author = newAuthor();
  readonly #config: LogConfig;
  #fold: Fold<never, never>;

  constructor(config: LogConfig = WITNESSED) {
    this.#config = config;
    this.#fold = this.#newFold(NOW_MS);
  }

  #newFold(clockMs: number): Fold<never, never> {
    return new Fold<never, never>(createLogProcessor(), this.#config, FOLDING, clockMs);
  }

  get #restored(): Fold<never, never> {
    const before = [...this.#fold.keys.records()];
    this.#fold = this.#newFold(this.#fold.clockMs);
    for (const record of before) this.#fold.load(record);
    if (!isDeepStrictEqual([...this.#fold.keys.records()], before))
      throw new Error('what was restored saves other bytes');
    return this.#fold;
  }

  readonly #sink = {
    output: ({ value }: { readonly value: Uint8Array | null }): void => {
      const { name, event } = decode(value as Uint8Array);
      if (name === 'GovernanceCheckpoint') this.published.push({ size: event.size, note: event.note });
      else if (name === 'AlertRaised') this.alerts.push(`${event.rule}: ${event.summary}`);
      else if (name === 'AlertResolved') this.alerts.push(`${event.rule} ${event.reason}`);
    },
    reject: (_: string, __: unknown, { message }: { readonly message: string }): never => {
      throw new Error(message);
    },
  };

  write(count: number): void {
    const records = Array.from({ length: count }, (_, at) => ({
      ...entryRecord(this.#author.write('m')),
      offset: BigInt(at),
      headers: [],
      timestampMs: 0,
    }));
    this.#restored.records('governance-log', records, this.#sink);
  }

  after(ms: number): void {
    const fold = this.#restored;
    fold.tick(fold.clockMs + ms, this.#sink);
  }

  pending(kind: string): readonly Effect[] {
    return this.#restored.keys
      .takeUnasked()
      .map(({ effect }) => effect)
      .filter((effect) => effect.kind === kind);
  }

  answer({ id: effectId, kind }: Effect, payload: Uint8Array): void {
    const given = { outcome: 'done' as const, payload: Buffer.from(payload), error: '', tries: 1 };
    const fold = this.#restored;
    const value = encode('EffectAnswered', { effectId, key: 'log', kind, ...given, answeredMs: fold.clockMs });
    const record = { offset: 0n, key: Buffer.from('log'), value, headers: [], timestampMs: 0 };
    fold.records('governance-log.results', [record], this.#sink);
  }

  /** Signs what waits to be signed. */
  sign(): void {
    this.after(2_000);
    for (const effect of this.pending(STORE)) {
      const { origin, size, root } = decodeRequest(effect.payload);
      const note = Buffer.from(signCheckpoint({ origin, size, root }, KEYS.signersFor(origin), 0)).toString();
      this.notes.set(size, note);
      this.answer(effect, encodeAnswer({ note, signed: size }));
    }
  }

  /** Sizes that witnesses are asked for. */
  asked(): readonly number[] {
    return this.pending('witness').map(({ payload }) => decodeWitnessRequest(payload).size);
  }

  cosign(signers: readonly Signer[], faults: WitnessAnswer['faults'] = [], of?: number): void {
    for (const effect of this.pending('witness')) {
      const { size } = decodeWitnessRequest(effect.payload);
      const checkpoint = parseCheckpoint(parseNote(Buffer.from(this.notes.get(of ?? size) as string)).text);
      const lines = signers.map((signer) => checkpointLine(checkpoint, signer, 1_770_000_000));
      this.answer(effect, encodeWitnessAnswer({ lines, faults }));
    }
  }

  view(): Record<string, unknown> {
    const json = this.#fold.keys.allViews().find(({ key }) => key === 'log/0')?.json as string;
    return JSON.parse(json) as Record<string, unknown>;
  }
}

const away = (witness: string, isRefusal = false): WitnessAnswer['faults'][number] => ({
  witness,
  said: 'is away',
  isRefusal,
});

test('what is signed is shown to the witnesses, and published again with their lines', () => {
  const world = new World();
  world.write(3);
  world.sign();
  expect(world.published.map(({ size }) => size)).toEqual([3]);
  expect(world.asked()).toEqual([3]);
  world.cosign([w1, w2]);
  expect(world.published.map(({ size }) => size)).toEqual([3, 3]);
  const [plain, cosigned] = world.published as unknown as [{ note: string }, { note: string }];
  expect(cosigned.note.startsWith(plain.note)).toBe(true);
  expect(
    parseNote(Buffer.from(cosigned.note))
      .signatures.map(({ keyId }) => keyId)
      .slice(1),
  ).toEqual([w1.key.keyId, w2.key.keyId]);
  expect(world.view()['witnessed']).toEqual({ size: 3, witnesses: ['W1', 'W2'], hasQuorum: true, faults: [] });
  expect(world.asked()).toEqual([]);
  expect(world.alerts).toEqual([]);
});

test('signing does not wait, and of what is signed meanwhile the newest is shown next', () => {
  const world = new World();
  for (const _ of [1, 2, 3]) {
    world.write(2);
    world.sign();
  }
  expect(world.published.map(({ size }) => size)).toEqual([2, 4, 6]);
  expect(world.asked()).toEqual([2]);
  world.cosign([w1, w2]);
  expect(world.asked()).toEqual([6]);
  world.cosign([w1, w2]);
  expect(world.published.map(({ size }) => size)).toEqual([2, 4, 6, 2, 6]);
  expect(world.asked()).toEqual([]);
});

test('a witness that is away is told once, asked again after a minute, and its return too', () => {
  const world = new World();
  world.write(1);
  world.sign();
  world.cosign([w1], [away('W2')]);
  expect(world.view()['witnessed']).toMatchObject({ witnesses: ['W1'], hasQuorum: false });
  expect(world.alerts).toEqual([
    expect.stringMatching(/^governance-witnesses: .*1 of 2 witnesses have cosigned the tree of 1 entries: W2 is away/),
  ]);
  world.after(30_000);
  expect(world.asked()).toEqual([]);
  world.after(31_000);
  expect(world.asked()).toEqual([1]);
  world.cosign([], [away('W2')]);
  world.after(61_000);
  world.cosign([w2]);
  expect(world.alerts.slice(1)).toEqual(['governance-witnesses recovered']);
  const last = world.published.at(-1)?.note as string;
  expect(parseNote(Buffer.from(last)).signatures).toHaveLength(3);
  world.after(120_000);
  expect(world.asked()).toEqual([]);
});

test('a new checkpoint is shown at once while an older one waits for another try', () => {
  const world = new World();
  world.write(1);
  world.sign();
  world.cosign([w1], [away('W2')]);
  world.write(1);
  world.sign();
  expect(world.asked()).toEqual([2]);
});

test('a witness that refuses is told although the quorum is there', () => {
  const world = new World({ ...WITNESSED, witnessLines: [...policy, 'group one any W1 W2', 'quorum one'] });
  world.write(1);
  world.sign();
  world.cosign([w1], [away('W2')]);
  expect(world.alerts).toEqual([]);
  world.write(1);
  world.sign();
  world.cosign([w1], [away('W2', true)]);
  expect(world.alerts).toHaveLength(1);
});

test('lines of strangers, of another tree and of keys that are not the witness’s are not believed', () => {
  const world = new World();
  world.write(1);
  world.sign();
  world.cosign([stranger]);
  world.write(1);
  world.sign();
  world.cosign([w1, w2], [], 1);
  expect(world.published.map(({ size }) => size)).toEqual([1, 2]);
  expect(world.view()['witnessed']).toMatchObject({ size: 2, witnesses: [], hasQuorum: false });
  expect(world.alerts).toHaveLength(1);
});

test('without a policy, or without a URL in it, nobody is asked', () => {
  const unasked = policy.map((line) => line.slice(0, line.lastIndexOf(' ')));
  for (const witnessLines of [[], [...unasked, 'quorum W1']]) {
    const world = new World({ ...CONFIG, witnessLines });
    world.write(1);
    world.sign();
    expect(world.asked()).toEqual([]);
    expect(world.published).toHaveLength(1);
  }
});
