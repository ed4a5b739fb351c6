/** What `peers.py train` leaves in a folder: LightGBM models of Adult, or of rows like it, and the rows. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TreeEnsemble } from '../../packages/explain/src/model/ensemble.ts';
import { parseLightgbmText } from '../../packages/explain/src/model/lightgbm-text.ts';
import { askPeers } from './peers.ts';

export const FEATURES = 12;

/** Nothing is left where the peers are not installed. */
export function trainModels(folder: string): void {
  const trained = askPeers<{ data: string; rows: number }>('train', folder);
  if (trained !== undefined) process.stdout.write(`models trained on ${trained.data}, ${trained.rows} rows\n`);
}

export function isTrained(folder: string): boolean {
  return existsSync(join(folder, 'a.txt'));
}

export function readRows(folder: string): Float64Array[] {
  const bytes = readFileSync(join(folder, 'rows.f64'));
  const flat = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return Array.from({ length: flat.length / FEATURES }, (_, at) => flat.subarray(at * FEATURES, (at + 1) * FEATURES));
}

/** @param model a, b, c, d, e or f, as peers.py says */
export function readModel(folder: string, model: string): TreeEnsemble {
  return parseLightgbmText(readFileSync(join(folder, `${model}.txt`), 'utf8'));
}
