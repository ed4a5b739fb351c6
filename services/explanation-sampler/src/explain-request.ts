/**
 * What the kernel asks the world and what it is answered, as bytes. Only answers are recorded: a replay needs no model. The model itself stays
 * outside the state, which holds its content hash; a request names the hash, and is refused when the file has another by then.
 */
import type { Feature, ModelAccess } from '@weir/events/generated/events';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';

export type Column = Pick<Feature, 'name' | 'type'>;

export interface LoadRequest {
  readonly access: ModelAccess;
  /** The feature set, in order. */
  readonly columns: readonly Column[];
  /** Registered outputs, a count. */
  readonly outputs: number;
}

export interface LoadAnswer {
  /** SHA-256 of the model's bytes, lower-case hex; of a remote model of its address. */
  readonly hash: string;
  /** For people, like LightGBM or linear. */
  readonly source: string;
}

/** Rows of one feature set, in its order. */
export interface Rows {
  readonly count: number;
  /** count × numeric features; NaN = missing. */
  readonly numeric: Float64Array;
  /** Per row, its categorical features. */
  readonly categorical: readonly (readonly (string | null)[])[];
}

export interface ExplainRequest extends LoadRequest {
  readonly hash: string;
  readonly treeGame: 'interventional' | 'path-dependent';
  /** Of a model behind a server. */
  readonly remoteExplainer: 'kernel' | 'lime';
  readonly backgroundId: string;
  readonly background: Rows;
  readonly rows: Rows;
  /** Per row: seeds what is random. */
  readonly seeds: readonly string[];
}

/** Of one row. */
export type RowAnswer =
  | {
      readonly method: string;
      readonly game: string;
      readonly usesBackground: boolean;
      /** Whether random numbers were used. */
      readonly isSeeded: boolean;
      readonly base: number;
      /** In the unit of the game. */
      readonly prediction: number;
      /** What the model itself would answer. */
      readonly output: number;
      /** One per attribution; empty when they are exact. */
      readonly intervals: readonly { readonly low: number; readonly high: number }[];
      readonly confidence: number | null;
      readonly modelRows: number;
      readonly flags: readonly string[];
      /** One per column of the feature set. */
      readonly attributions: Float64Array;
    }
  | { readonly error: string };

export function encodeLoad(request: LoadRequest): Uint8Array {
  return encodeState(request);
}

export function decodeLoad(bytes: Uint8Array): LoadRequest {
  return decodeState<LoadRequest>(bytes).head;
}

export function encodeRequest({ background, rows, ...head }: ExplainRequest): Uint8Array {
  const counts = [background.count, rows.count];
  const categorical = [background.categorical, rows.categorical];
  return encodeState({ ...head, counts, categorical }, [background.numeric, rows.numeric]);
}

export function decodeRequest(bytes: Uint8Array): ExplainRequest {
  type Head = Omit<ExplainRequest, 'background' | 'rows'> & {
    readonly counts: readonly number[];
    readonly categorical: readonly (readonly (readonly (string | null)[])[])[];
  };
  const decoded = decodeState<Head>(bytes);
  const { head } = decoded;
  const { counts, categorical, ...request } = head;
  const rowsAt = (at: number): Rows => ({
    count: counts[at] as number,
    numeric: new Float64Array(decoded.part(at)),
    categorical: categorical[at] as Rows['categorical'],
  });
  return { ...request, background: rowsAt(0), rows: rowsAt(1) };
}

export function encodeAnswers(answers: readonly RowAnswer[]): Uint8Array {
  const parts: Float64Array[] = [];
  const heads = answers.map((answer) => {
    if ('error' in answer) return answer;
    const { attributions, base, prediction, output, ...head } = answer;
    // JSON has neither NaN nor −0.
    parts.push(attributions, Float64Array.of(base, prediction, output));
    return { ...head, part: parts.length - 2 };
  });
  return encodeState({ heads }, parts);
}

/** @throws when the bytes are torn */
export function decodeAnswers(bytes: Uint8Array): readonly RowAnswer[] {
  type Head = Omit<
    Exclude<RowAnswer, { readonly error: string }>,
    'attributions' | 'base' | 'prediction' | 'output'
  > & {
    readonly part: number;
  };
  const decoded = decodeState<{ readonly heads: readonly (Head | { readonly error: string })[] }>(bytes);
  return decoded.head.heads.map((each): RowAnswer => {
    if ('error' in each) return each;
    const { part: at, ...rest } = each;
    const [base, prediction, output] = new Float64Array(decoded.part(at + 1));
    return {
      ...rest,
      attributions: new Float64Array(decoded.part(at)),
      base: base as number,
      prediction: prediction as number,
      output: output as number,
    };
  });
}
