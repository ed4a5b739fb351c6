/** One dead letter in full: why, its headers, and its event where the bytes are one. */
import { decode } from '@weir/events/codec';
import { EventError } from '@weir/events/errors';
import { type DeadLetter, dlqTopic } from './letter.ts';
import { modelOf } from './list.ts';

const HEX_BYTES = 512;
const BYTES_A_LINE = 16;

export function showText(letter: DeadLetter, prefix: string): string {
  const { service, partition, offset, timestampMs, source, reason, message, key, value, headers, oversized } = letter;
  const rows = [
    ['at', `${dlqTopic(prefix, service)}[${partition}]@${offset}, ${new Date(timestampMs).toISOString()}`],
    ['from', `${source.topic}[${source.partition}]@${source.offset}`],
    ['reason', reason],
    ['message', message],
    ['key', modelOf(key)],
    ...headers.map(([name, bytes]) => ['header', `${name}: ${modelOf(bytes)}`]),
    ...oversized.map((part) => ['left out', part]),
  ];
  return `${rows.map(([name = '', text]) => `${name.padEnd(9)} ${text}\n`).join('')}${contentText(value)}`;
}

function contentText(value: Uint8Array | null): string {
  if (value === null) return 'value     none: a tombstone\n';
  try {
    const { name, event } = decode(value);
    return `event     ${name}\n${JSON.stringify(event, plain, 2)}\n`;
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    return `value     ${value.length} bytes that are no event: ${error.message}\n${hexOf(value)}`;
  }
}

/** JSON has no NaN, no infinity and no bytes. */
function plain(this: unknown, _: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return String(value);
  const isBuffer = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
  return isBuffer && 'data' in value ? Buffer.from(value.data as number[]).toString('hex') : value;
}

function hexOf(value: Uint8Array): string {
  const shown = value.subarray(0, HEX_BYTES);
  const lines = Array.from({ length: Math.ceil(shown.length / BYTES_A_LINE) }, (_, line) => {
    const bytes = Buffer.from(shown.subarray(line * BYTES_A_LINE, (line + 1) * BYTES_A_LINE));
    const text = bytes.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.');
    const hex = bytes.toString('hex').replaceAll(/(..)(?=.)/g, '$1 ');
    return `  ${(line * BYTES_A_LINE).toString(16).padStart(6, '0')}  ${hex.padEnd(3 * BYTES_A_LINE)} ${text}\n`;
  });
  return lines.join('') + (value.length > HEX_BYTES ? `  … ${value.length - HEX_BYTES} bytes more\n` : '');
}
