/** Starts the plain kafkajs consumer, and reads what it prints. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = join(import.meta.dirname, 'kafkajs-consumer.mjs');
const MAX_OUTPUT_BYTES = 1 << 28;

export interface SeenRecord {
  readonly atMs: number;
  /** Base64. */
  readonly value: string;
}

type Mode = readonly ['count', number] | readonly ['idle', number] | readonly ['times', number, number];

async function run(brokers: readonly string[], topic: string, mode: Mode): Promise<readonly string[]> {
  const args = [MAIN, brokers.join(','), topic, ...mode.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout.split('\n').filter((line) => line !== '');
}

/** CPU seconds from its start until it has read so many records. */
export async function cpuToCount(brokers: readonly string[], topic: string, events: number): Promise<number> {
  const [line = '{}'] = await run(brokers, topic, ['count', events]);
  return (JSON.parse(line) as { readonly cpuSeconds: number }).cpuSeconds;
}

/** CPU seconds of so many seconds on a quiet topic. */
export async function cpuOfIdleness(brokers: readonly string[], topic: string, seconds: number): Promise<number> {
  const [line = '{}'] = await run(brokers, topic, ['idle', seconds]);
  return (JSON.parse(line) as { readonly cpuSeconds: number }).cpuSeconds;
}

/** Every `every`th record of so many seconds, and when it came. */
export async function recordsAsTheyCome(
  brokers: readonly string[],
  topic: string,
  seconds: number,
  every: number,
): Promise<readonly SeenRecord[]> {
  return (await run(brokers, topic, ['times', seconds, every])).map((line) => JSON.parse(line) as SeenRecord);
}
