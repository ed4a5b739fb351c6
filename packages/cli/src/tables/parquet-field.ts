/** What a top-level field of a Parquet file holds, and how its stored values become numbers. */
import type { SchemaElement, SchemaTree } from 'hyparquet';
import { exactInteger } from './cell.ts';
import type { TableColumn } from './table.ts';

export interface ParquetField extends TableColumn {
  /** Its type, for messages. */
  readonly type: string;
  /** False for what cannot be scanned even when asked for. */
  readonly isNumber: boolean;
  readonly isText: boolean;
  readonly isWhole: boolean;
  readonly isInstant: boolean;
  readonly decode: (stored: unknown) => number | bigint;
}

const WHOLE = new Set(['INT_8', 'INT_16', 'INT_32', 'INT_64', 'UINT_8', 'UINT_16', 'UINT_32', 'UINT_64']);
const INSTANT = new Set(['DATE', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS']);

export function fieldOf({ element, children }: SchemaTree): ParquetField {
  const { name, type, converted_type: converted, logical_type: logical } = element;
  const isNested = children.length > 0 || element.repetition_type === 'REPEATED';
  const isPlain = converted === undefined && logical === undefined;
  const isWhole =
    (type === 'INT32' || type === 'INT64') &&
    (isPlain || logical?.type === 'INTEGER' || (converted !== undefined && WHOLE.has(converted)));
  const isFraction = type === 'FLOAT' || type === 'DOUBLE' || logical?.type === 'FLOAT16' || isDecimal(element);
  const isInstant =
    type === 'INT96' ||
    logical?.type === 'TIMESTAMP' ||
    logical?.type === 'DATE' ||
    (converted !== undefined && INSTANT.has(converted));
  const isEmpty = logical?.type === 'NULL';
  const isString =
    converted === 'UTF8' || converted === 'ENUM' || logical?.type === 'STRING' || logical?.type === 'ENUM';
  const isText = !isNested && (isString || type === 'BOOLEAN');
  return {
    name,
    type: isNested ? 'nested values' : (converted ?? logical?.type ?? type ?? 'nothing'),
    isNumber: !isNested && (isWhole || isFraction || isInstant || isEmpty),
    isText,
    isWhole: isWhole && !isNested,
    isInstant: isInstant && !isNested,
    holds: isNested
      ? { unfit: 'nested' }
      : isWhole || isFraction
        ? 'numbers'
        : isEmpty
          ? 'nothing'
          : isInstant
            ? { unfit: 'dates and times' }
            : { unfit: 'not numeric', isText },
    decode: isDecimal(element) ? decimals(element.scale ?? 0) : integerOrFloat,
  };
}

/** Of a column of text: its stored bytes, or a boolean. */
export function textOf(stored: unknown): string {
  return stored instanceof Uint8Array ? Buffer.from(stored).toString() : String(stored);
}

function isDecimal({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL';
}

function integerOrFloat(stored: unknown): number | bigint {
  return typeof stored === 'bigint' ? exactInteger(stored) : (stored as number);
}

/** Whole multiples of 10^−scale, as the float64 nearest to them: what their decimal notation would be read as. */
function decimals(scale: number): ParquetField['decode'] {
  const power = Number(`1e${scale}`);
  return (stored) => {
    const whole = stored instanceof Uint8Array ? signed(stored) : BigInt(stored as number | bigint);
    if (scale === 0) return exactInteger(whole);
    const near = Number(whole);
    // A quotient of two exact numbers is the nearest float64; powers of ten are exact up to 10^22.
    return Number.isSafeInteger(near) && scale <= 22 ? near / power : Number(`${whole}e-${scale}`);
  };
}

/** Two's complement, most significant byte first. */
function signed(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}
