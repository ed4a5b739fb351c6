/** Models behind a server: Open Inference Protocol v2 over HTTP, and MLflow's /invocations. Explained by Kernel SHAP or LIME, which ask for rows. */
import { createHash } from 'node:crypto';
import { KernelExplainer } from '@weir/explain/kernel/kernel-explainer';
import { playersOf } from '@weir/explain/model/players';
import type { ModelPlaces } from '../config.ts';
import type { ExplainRequest, LoadAnswer, LoadRequest, RowAnswer } from '../explain-request.ts';
import { uniformOf } from '../hashing.ts';
import { addressOf } from './address.ts';
import { explainByLime } from './lime.ts';
import { ping, scorerOf, tensorName } from './scoring.ts';
import { Table } from './table.ts';

const CONFIDENCE = 0.95;
/** Coalitions per row: so many times the columns, even; and background rows drawn for each pair. */
const COALITIONS_PER_COLUMN = 16;
const ROWS_PER_PAIR = 10;
/** Model rows of one request. */
const MAX_REQUEST_ROWS = 2_048;
/** Background rows that the base value is the mean over. */
const MAX_BACKGROUND = 100;

/** @throws {EffectRefused} for an address that is not allowed, or a feature set that the protocol cannot carry */
export async function loadRemote({ access, columns }: LoadRequest, places: ModelPlaces): Promise<LoadAnswer> {
  const address = addressOf(access, places);
  if (access.kind === 'mlflow') await ping(address);
  else await tensorName(address, columns);
  return { hash: createHash('sha256').update(address.href).digest('hex'), source: access.kind };
}

export async function explainRemote(request: ExplainRequest, places: ModelPlaces): Promise<readonly RowAnswer[]> {
  const { access, columns, rows, seeds } = request;
  const score = await scorerOf(access, addressOf(access, places), columns);
  const table = new Table(columns, [request.background, rows]);
  if (request.remoteExplainer === 'lime') return await explainByLime(request, table, score);
  const background = table.rows(request.background).slice(0, MAX_BACKGROUND);
  const explained = table.rows(rows);
  // In one request for all of them.
  const known = await score([...background, ...explained].map((row) => table.cells(row)));
  const backgroundPredictions = known.slice(0, background.length);
  const players = playersOf(columns.map(({ name }) => name));
  const maxCoalitions = COALITIONS_PER_COLUMN * Math.max(2, columns.length);
  const answers: RowAnswer[] = [];
  const rowsPerPair = rowsPerPairOf(columns.length, background.length);
  for (const [index, row] of explained.entries()) {
    const prediction = known[background.length + index] as number;
    const options = {
      row,
      prediction,
      background,
      backgroundPredictions,
      players,
      maxCoalitions,
      rowsPerPair,
      batchPairs: Math.max(
        1,
        Math.floor(MAX_REQUEST_ROWS / 2 / (rowsPerPair === 'all' ? background.length : rowsPerPair)),
      ),
      confidence: CONFIDENCE,
    };
    let draws = 0;
    const uniform = (): number => uniformOf(seeds[index] ?? '', String((draws += 1)));
    const explainer = new KernelExplainer(options, uniform);
    for (let asked = explainer.next(); asked !== undefined; asked = explainer.next())
      explainer.accept(await score(asked.map((each) => table.cells(each))));
    const { attributions, baseValue, intervals, modelRows, flags } = explainer.result();
    // The background is asked for once for all rows of the request.
    const shared = index === 0 ? background.length : 0;
    answers.push({
      method: 'kernel',
      game: 'kernel',
      usesBackground: true,
      isSeeded: true,
      base: baseValue,
      prediction,
      output: prediction,
      intervals: intervals.every((each) => each.every(Number.isFinite))
        ? intervals.map(([low, high]) => ({ low, high }))
        : [],
      confidence: CONFIDENCE,
      modelRows: modelRows + shared + 1,
      flags,
      attributions,
    });
  }
  return answers;
}

/** Few columns have fewer coalitions than are paid for: the rows that are left go to each pair's background, and with all of it the values are exact. */
function rowsPerPairOf(columns: number, background: number): number | 'all' {
  const paid = (COALITIONS_PER_COLUMN / 2) * Math.max(2, columns);
  const pairs = Math.min(paid, 2 ** (columns - 1) - 1);
  const rows = Math.floor((ROWS_PER_PAIR * paid) / Math.max(1, pairs));
  return rows >= background ? 'all' : rows;
}
