/**
 * The gradient-boosted model beside the others: it scores every tenth flight in shadow, under a model id of its own, so that the fair split of
 * the two versions and the references of their model stay as they are. It was trained on January by models/train.py.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from '@weir/events/codec';
import type { PredictionLogged } from '@weir/events/generated/events';
import { predict, type TreeEnsemble } from '@weir/explain/model/ensemble';
import { parseLightgbmText } from '@weir/explain/model/lightgbm-text';

export const SHADOW_MODEL = 'flight-delay-gbm';
export const SHADOW_VERSION = 'gradient-boosted';
/** Relative to the folder of models. */
const FILE = 'flight-delay.lightgbm.txt';
const EVERY = 10;

/** f123 becomes g123. */
export function shadowId(id: string): string {
  return `g${id.slice(1)}`;
}

export class GradientBoosted {
  readonly access: { readonly kind: string; readonly location: string } = { kind: 'file', location: FILE };
  readonly #ensemble: TreeEnsemble;

  constructor() {
    this.#ensemble = parseLightgbmText(readFileSync(join(import.meta.dirname, '../models', FILE), 'utf8'));
  }

  /** Which rows it scores. */
  static takes(row: number): boolean {
    return row % EVERY === 0;
  }

  /** What was served, as this model answers it. */
  shadow(served: PredictionLogged): Buffer {
    const output = Math.round((predict(this.#ensemble, served.numeric)[0] as number) * 10_000) / 10_000;
    const { id } = served;
    const own = { model: SHADOW_MODEL, version: SHADOW_VERSION, outputs: [output], id: shadowId(id), unit: id };
    return encode('PredictionLogged', { ...served, ...own });
  }
}
