/** Models behind a server: Open Inference Protocol v2 over HTTP, and MLflow's /invocations. Explained by Kernel SHAP, which asks for rows. */
import { createHash } from 'node:crypto';
import type { ModelAccess } from '@weir/events/generated/events';
import { ExplainError } from '@weir/explain/errors';
import { KernelExplainer } from '@weir/explain/kernel/kernel-explainer';
import { playersOf } from '@weir/explain/model/players';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { ModelPlaces } from '../config.ts';
import type { Column, ExplainRequest, LoadAnswer, LoadRequest, RowAnswer, Rows } from '../explain-request.ts';
import { uniformOf } from '../hashing.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 << 20;
const CONFIDENCE = 0.95;
/** Coalitions per row: so many times the columns, even; and background rows drawn for each pair. */
const COALITIONS_PER_COLUMN = 16;
const ROWS_PER_PAIR = 10;
/** Background rows that the base value is the mean over. */
const MAX_BACKGROUND = 100;

type Cell = number | string | null;

/** @throws {EffectRefused} for an address that is not allowed, or a feature set that the protocol cannot carry */
export async function loadRemote({ access, columns }: LoadRequest, places: ModelPlaces): Promise<LoadAnswer> {
  const address = addressOf(access, places);
  if (access.kind === 'oip-v2') await tensorName(address, columns);
  else await call(new URL('ping', address));
  return { hash: createHash('sha256').update(address.href).digest('hex'), source: access.kind };
}

export async function explainRemote(request: ExplainRequest, places: ModelPlaces): Promise<readonly RowAnswer[]> {
  const { access, columns, rows, seeds } = request;
  const score = await scorerOf(access, columns, places);
  const table = new Table(columns, [request.background, rows]);
  const background = table.rows(request.background).slice(0, MAX_BACKGROUND);
  const backgroundPredictions = await score(background.map((row) => table.cells(row)));
  const players = playersOf(columns.map(({ name }) => name));
  const maxCoalitions = COALITIONS_PER_COLUMN * Math.max(2, columns.length);
  const answers: RowAnswer[] = [];
  for (const [index, row] of table.rows(rows).entries()) {
    const [prediction = Number.NaN] = await score([table.cells(row)]);
    const options = {
      row,
      prediction,
      background,
      backgroundPredictions,
      players,
      maxCoalitions,
      rowsPerPair: Math.min(ROWS_PER_PAIR, background.length),
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

/** Rows as numbers, for the explainer, and back as cells, for the server: categories are numbered. */
class Table {
  readonly #columns: readonly Column[];
  readonly #categories: readonly string[];

  constructor(columns: readonly Column[], given: readonly Rows[]) {
    this.#columns = columns;
    const all = given.flatMap(({ categorical }) => categorical.flat());
    this.#categories = [...new Set(all.filter((each) => each !== null))];
  }

  rows({ count, numeric, categorical }: Rows): Float64Array[] {
    const width = count === 0 ? 0 : numeric.length / count;
    return Array.from({ length: count }, (_, index) => {
      const used = { numeric: 0, categorical: 0 };
      return Float64Array.from(this.#columns, ({ type }) => {
        const at = used[type]++;
        if (type === 'numeric') return numeric[index * width + at] as number;
        const category = categorical[index]?.[at] ?? null;
        return category === null ? Number.NaN : this.#categories.indexOf(category);
      });
    });
  }

  cells(row: Float64Array): Cell[] {
    return this.#columns.map(({ type }, at) => {
      const value = row[at] as number;
      if (!Number.isFinite(value)) return null;
      return type === 'numeric' ? value : (this.#categories[value] as string);
    });
  }
}

type Score = (rows: readonly (readonly Cell[])[]) => Promise<number[]>;

async function scorerOf(access: ModelAccess, columns: readonly Column[], places: ModelPlaces): Promise<Score> {
  const address = addressOf(access, places);
  if (access.kind === 'mlflow')
    return async (data) => {
      const names = columns.map(({ name }) => name);
      const { predictions } = await call(new URL('invocations', address), {
        dataframe_split: { columns: names, data },
      });
      return numbers(predictions, data.length);
    };
  const name = await tensorName(address, columns);
  return async (rows) => {
    const tensor = { name, shape: [rows.length, columns.length], datatype: 'FP64', data: rows.flat() };
    const { outputs } = await call(new URL('infer', address), { inputs: [tensor] });
    return numbers((outputs as readonly { readonly data?: unknown }[] | undefined)?.[0]?.data, rows.length);
  };
}

async function tensorName(address: URL, columns: readonly Column[]): Promise<string> {
  const text = columns.find(({ type }) => type === 'categorical');
  if (text !== undefined)
    throw new EffectRefused(
      `column ${text.name} is categorical, and a tensor of FP64 cannot hold it; use access mlflow`,
    );
  const { inputs } = await call(new URL(address.href.slice(0, -1)));
  const [input] = (inputs ?? []) as readonly { readonly name?: unknown }[];
  if (typeof input?.name !== 'string') throw new Error(`${address.href} names no input tensor in its metadata`);
  return input.name;
}

/** Ends in a slash, so that paths are appended. */
function addressOf({ location }: ModelAccess, { urls }: ModelPlaces): URL {
  const address = URL.parse(location.endsWith('/') ? location : `${location}/`);
  const isPlain = address !== null && address.username === '' && address.password === '' && address.search === '';
  if (isPlain && urls.some((url) => address.href.startsWith(new URL(url).href))) return address;
  throw new EffectRefused(
    `the model's address is ${JSON.stringify(location.slice(0, 200))}; it must begin with one of WEIR_EXPLAIN_MODEL_URLS`,
  );
}

/** GET, or POST of a body. A redirect would lead where no rule allows it. */
async function call(url: URL, body?: object): Promise<Readonly<Record<string, unknown>>> {
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { ...sent, headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_ANSWER_BYTES)
      throw new Error(`${url.href} answered with more than ${MAX_ANSWER_BYTES} bytes`);
  }
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}: ${text.slice(0, 200)}`);
  return url.pathname.endsWith('/ping') ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
}

/** One per row: the first of each where the model gives several. */
function numbers(value: unknown, rows: number): number[] {
  const flat = Array.isArray(value) ? (value.flat() as unknown[]) : [];
  const each = flat.length / rows;
  const found = Array.from({ length: rows }, (_, row) => flat[row * each]);
  if (
    rows > 0 &&
    Number.isInteger(each) &&
    each > 0 &&
    found.every((one) => typeof one === 'number' && Number.isFinite(one))
  )
    return found as number[];
  throw new ExplainError(
    'BAD_ROW',
    `the model answered ${flat.length} values to ${rows} rows; it must answer finite numbers, alike for each row`,
  );
}
