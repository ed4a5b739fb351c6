/** How rows are scored over each protocol: Open Inference Protocol v2 as JSON or as binary tensors, and MLflow's /invocations. */
import type { ModelAccess } from '@weir/events/generated/events';
import { ExplainError } from '@weir/explain/errors';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { Column } from '../explain-request.ts';
import { decodeTensors, encodeTensor } from './binary-tensor.ts';
import { call } from './http-call.ts';

/** null: missing. */
export type Cell = number | string | null;
/** One answer per row, the first of each where the model gives several. */
export type Score = (rows: readonly (readonly Cell[])[]) => Promise<number[]>;

type Body = Readonly<Record<string, unknown>>;
const JSON_HEADERS = { 'content-type': 'application/json' };

export async function ping(address: URL): Promise<void> {
  await call(new URL('ping', address));
}

/** @throws {EffectRefused} for a feature set that the protocol cannot carry */
export async function scorerOf({ kind }: ModelAccess, address: URL, columns: readonly Column[]): Promise<Score> {
  if (kind === 'mlflow') return (rows) => invoke(address, columns, rows);
  const name = await tensorName(address, columns);
  const url = new URL('infer', address);
  const shapeOf = (rows: readonly unknown[]): readonly [number, number] => [rows.length, columns.length];
  if (kind === 'oip-v2-binary')
    return async (rows) => {
      const values = new Float64Array(rows.length * columns.length);
      for (const [at, row] of rows.entries())
        for (let j = 0; j < columns.length; j += 1)
          values[at * columns.length + j] = row[j] === null ? Number.NaN : Number(row[j]);
      const { body, headers } = encodeTensor(name, shapeOf(rows), values);
      const answer = await call(url, body, headers);
      return numbers([...(decodeTensors(answer.body, answer.headers)[0] ?? [])], rows.length);
    };
  return async (rows) => {
    const tensor = { name, shape: shapeOf(rows), datatype: 'FP64', data: rows.flat() };
    const { outputs } = await asked(url, { inputs: [tensor] });
    return numbers((outputs as readonly { readonly data?: unknown }[] | undefined)?.[0]?.data, rows.length);
  };
}

async function invoke(address: URL, columns: readonly Column[], data: readonly (readonly Cell[])[]): Promise<number[]> {
  const names = columns.map(({ name }) => name);
  const { predictions } = await asked(new URL('invocations', address), { dataframe_split: { columns: names, data } });
  return numbers(predictions, data.length);
}

/** Of the model's first input, from its metadata. @throws {EffectRefused} for categorical columns */
export async function tensorName(address: URL, columns: readonly Column[]): Promise<string> {
  const text = columns.find(({ type }) => type === 'categorical');
  if (text !== undefined)
    throw new EffectRefused(
      `column ${text.name} is categorical, and a tensor of FP64 cannot hold it; use access mlflow`,
    );
  const { inputs } = await asked(new URL(address.href.slice(0, -1)));
  if (!Array.isArray(inputs)) throw new Error(`${address.href} has no list of inputs in its metadata`);
  // A server may leave the list empty (MLServer and KServe do, for models without a signature); any name is right then.
  const [input = { name: 'input-0' }] = inputs as readonly { readonly name?: unknown }[];
  if (typeof input.name !== 'string') throw new Error(`${address.href} names no input tensor in its metadata`);
  return input.name;
}

async function asked(url: URL, body?: object): Promise<Body> {
  const answer = await call(url, body === undefined ? undefined : JSON.stringify(body), JSON_HEADERS);
  return JSON.parse(answer.body.toString('utf8')) as Body;
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
