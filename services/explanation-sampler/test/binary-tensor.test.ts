import { expect, test } from 'vitest';
import { decodeTensors, encodeTensor } from '../src/models/binary-tensor.ts';

const ANSWER = 'inference-header-content-length';

function answer(outputs: readonly object[], ...raw: readonly Uint8Array[]): { body: Buffer; headers: Headers } {
  const head = Buffer.from(JSON.stringify({ outputs }));
  return { body: Buffer.concat([head, ...raw]), headers: new Headers({ [ANSWER]: String(head.length) }) };
}

test('a request is a JSON header and little-endian doubles, missing values among them', () => {
  const { body, headers } = encodeTensor('x', [1, 2], Float64Array.of(-0, Number.NaN));
  const length = Number(headers[ANSWER]);
  expect(JSON.parse(body.toString('utf8', 0, length))).toEqual({
    inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP64', parameters: { binary_data_size: 16 } }],
    parameters: { binary_data_output: true },
  });
  expect(Object.is(body.readDoubleLE(length), -0)).toBe(true);
  expect(body.readDoubleLE(length + 8)).toBeNaN();
});

test('outputs of several types follow one another, and one may stand in the JSON', () => {
  const doubles = new Uint8Array(Float64Array.of(1.5, -2).buffer);
  const singles = new Uint8Array(Float32Array.of(0.25).buffer);
  const { body, headers } = answer(
    [
      { name: 'a', datatype: 'FP64', parameters: { binary_data_size: 16 } },
      { name: 'b', datatype: 'FP64', data: [[7], [8]] },
      { name: 'c', datatype: 'FP32', parameters: { binary_data_size: 4 } },
    ],
    doubles,
    singles,
  );
  expect(decodeTensors(body, headers)).toEqual([[1.5, -2], [7, 8], [0.25]]);
});

test('every torn answer is refused', () => {
  const { body, headers } = answer(
    [{ name: 'a', datatype: 'FP64', parameters: { binary_data_size: 16 } }],
    new Uint8Array(16),
  );
  expect(decodeTensors(body, headers)).toEqual([[0, 0]]);
  for (let length = 0; length < body.length; length += 1)
    expect(() => decodeTensors(body.subarray(0, length), headers)).toThrow(/the answer of the model server/);
  const text = answer([{ name: 'a', datatype: 'BYTES', parameters: { binary_data_size: 1 } }], new Uint8Array(1));
  expect(() => decodeTensors(text.body, text.headers)).toThrow(/of type BYTES; it must be FP64, FP32/);
});
