/**
 * Models and their explainers, held beside the fold. Nothing here is part of a state: what it answers is recorded, and what it holds can be
 * read again by the hash that the state names.
 */
import { createHash } from 'node:crypto';
import { ExplainError } from '@weir/explain/errors';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import { READ_KINDS, REMOTE_KINDS } from '../access-kinds.ts';
import type { ModelPlaces } from '../config.ts';
import {
  decodeLoad,
  decodeRequest,
  type ExplainRequest,
  encodeAnswers,
  type LoadAnswer,
  type RowAnswer,
} from '../explain-request.ts';
import { checkModel, type Prepared, prepare } from './exact.ts';
import { readModel } from './model-file.ts';
import { type Model, parseModel } from './parse.ts';
import { explainRemote, loadRemote } from './remote.ts';

/** Models, and explainers with their tables, that are held at once; the least recently used is let go. */
const MAX_HELD = 16;

/** Asked by effects: payload in, payload out. */
export interface ModelEngine {
  load(payload: Uint8Array): Promise<Uint8Array>;
  explain(payload: Uint8Array): Promise<Uint8Array>;
}

export class ModelHost implements ModelEngine {
  readonly #places: ModelPlaces;
  readonly #models = new Map<string, Model>();
  readonly #prepared = new Map<string, Prepared>();

  constructor(places: ModelPlaces) {
    this.#places = places;
  }

  /** @throws {EffectRefused} for a model that cannot be used; other errors are worth another try */
  async load(payload: Uint8Array): Promise<Uint8Array> {
    const request = decodeLoad(payload);
    const { kind } = request.access;
    if (REMOTE_KINDS.includes(kind)) return Buffer.from(JSON.stringify(await loadRemote(request, this.#places)));
    if (!READ_KINDS.includes(kind))
      throw new EffectRefused(
        `access is of kind ${JSON.stringify(kind)}; it must be ${[...READ_KINDS, ...REMOTE_KINDS].join(', ')}`,
      );
    const { hash, model } = await this.#read(request);
    refusing(() => checkModel(model, request));
    const source = model.type === 'linear' ? 'linear' : model.ensemble.source;
    const answer: LoadAnswer = { hash, source };
    return Buffer.from(JSON.stringify(answer));
  }

  /** @throws {EffectRefused} for a model that cannot be used, or has changed since it was loaded */
  async explain(payload: Uint8Array): Promise<Uint8Array> {
    const request = decodeRequest(payload);
    if (REMOTE_KINDS.includes(request.access.kind)) return encodeAnswers(await explainRemote(request, this.#places));
    const { encoder, explain } = await this.#prepare(request);
    const answers = Array.from(
      { length: request.rows.count },
      (_, index): RowAnswer => explain(encoder.row(request.rows, index)),
    );
    return encodeAnswers(answers);
  }

  async #prepare(request: ExplainRequest): Promise<Prepared> {
    const { hash, backgroundId, treeGame, columns } = request;
    const key = JSON.stringify([hash, backgroundId, treeGame, columns]);
    return await held(this.#prepared, key, async () => {
      const model = await held(this.#models, hash, async () => (await this.#read(request)).model);
      return refusing(() => prepare(model, request));
    });
  }

  async #read({ access, hash: expected }: Pick<ExplainRequest, 'access'> & { readonly hash?: string }) {
    const bytes = await readModel(access, this.#places);
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (expected !== undefined && hash !== expected)
      throw new EffectRefused(
        `the model at ${access.location.slice(0, 200)} has changed since it was loaded; register a new version for it`,
      );
    return { hash, model: refusing(() => parseModel(bytes.toString('utf8'))) };
  }
}

function refusing<Value>(make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof ExplainError) throw new EffectRefused(error.message);
    throw error;
  }
}

async function held<Value>(map: Map<string, Value>, key: string, make: () => Promise<Value>): Promise<Value> {
  const value = map.get(key) ?? (await make());
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_HELD && oldest !== undefined) map.delete(oldest);
  return value;
}
