/**
 * The binary tensor extension of the Open Inference Protocol v2: a JSON header, whose length stands in the header Inference-Header-Content-Length,
 * and the raw little-endian values of the tensors behind it. Source: the binary tensor data extension of KServe and Triton.
 */
import { endianness } from 'node:os';
import { ExplainError } from '@weir/explain/errors';

const LENGTH_HEADER = 'inference-header-content-length';

/** A request with one FP64 tensor, row-major, that asks for binary outputs. */
export function encodeTensor(
  name: string,
  shape: readonly number[],
  values: Float64Array,
): { readonly body: Buffer<ArrayBuffer>; readonly headers: Readonly<Record<string, string>> } {
  const input = { name, shape, datatype: 'FP64', parameters: { binary_data_size: values.byteLength } };
  const head = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  const body = Buffer.alloc(head.length + values.byteLength);
  head.copy(body);
  // In the stated order, which is that of most machines.
  if (endianness() === 'LE') body.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), head.length);
  else for (const [at, value] of values.entries()) body.writeDoubleLE(value, head.length + 8 * at);
  const headers = { 'content-type': 'application/octet-stream', [LENGTH_HEADER]: String(head.length) };
  return { body, headers };
}

interface Output {
  readonly name?: unknown;
  readonly datatype?: unknown;
  readonly data?: unknown;
  readonly parameters?: { readonly binary_data_size?: unknown };
}

/**
 * Values of each output, in order. An output may stand in the JSON all the same.
 * @throws {ExplainError} BAD_ROW when the answer is torn or of a type that holds no numbers
 */
export function decodeTensors(body: Buffer, headers: Headers): readonly number[][] {
  const torn = (rule: string): ExplainError => new ExplainError('BAD_ROW', `the answer of the model server ${rule}`);
  const stated = headers.get(LENGTH_HEADER);
  const length = stated === null ? body.length : Number(stated);
  if (!Number.isInteger(length) || length < 0 || length > body.length)
    throw torn(`has ${body.length} bytes, and its ${LENGTH_HEADER} is ${stated}; it must lie within`);
  let outputs: unknown;
  try {
    ({ outputs } = JSON.parse(body.toString('utf8', 0, length)) as { readonly outputs?: unknown });
  } catch {
    throw torn('has no JSON in front of its tensors');
  }
  if (!Array.isArray(outputs)) throw torn('has no list of outputs');
  let at = length;
  return (outputs as readonly Output[]).map(({ name, datatype, data, parameters }) => {
    const size = parameters?.binary_data_size;
    if (size === undefined) return Array.isArray(data) ? (data.flat() as number[]) : [];
    const reader = READERS[String(datatype)];
    if (reader === undefined)
      throw torn(
        `has output ${String(name)} of type ${String(datatype)}; it must be ${Object.keys(READERS).join(', ')}`,
      );
    if (typeof size !== 'number' || size % reader.bytes !== 0 || size < 0 || at + size > body.length)
      throw torn(
        `has output ${String(name)} of ${JSON.stringify(size)} bytes, which ${body.length - at} bytes cannot hold`,
      );
    const from = at;
    at += size;
    return Array.from({ length: size / reader.bytes }, (_, index) => reader.read(body, from + index * reader.bytes));
  });
}

const READERS: Readonly<
  Record<string, { readonly bytes: number; readonly read: (body: Buffer, at: number) => number }>
> = {
  FP64: { bytes: 8, read: (body, at) => body.readDoubleLE(at) },
  FP32: { bytes: 4, read: (body, at) => body.readFloatLE(at) },
  INT64: { bytes: 8, read: (body, at) => Number(body.readBigInt64LE(at)) },
  INT32: { bytes: 4, read: (body, at) => body.readInt32LE(at) },
};
