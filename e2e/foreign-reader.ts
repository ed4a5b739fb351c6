/** What a client that is not Weir's finds committed on a Kafka: confluent-kafka for Python, which is librdkafka. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Headers } from '@weir/event-log/port';

export interface ForeignRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

const PYTHON = process.env['WEIR_PYTHON'] ?? 'python3';

/** Why it cannot be used; undefined when it can. */
export function withoutForeignReader(): string | undefined {
  const { status, stderr } = spawnSync(PYTHON, ['-c', 'import confluent_kafka'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  const said = stderr?.trim().split('\n').at(-1) ?? `no ${PYTHON}`;
  return `no Python with confluent-kafka (${said}): pip install confluent-kafka, WEIR_PYTHON names the interpreter`;
}

/** Every committed record of the topics, partition by partition in order. @throws when a partition cannot be read to its end */
export async function foreignRead(
  brokers: readonly string[],
  topics: readonly string[],
  found: (record: ForeignRecord) => void,
): Promise<void> {
  const child = spawn(PYTHON, [join(import.meta.dirname, 'committed.py'), brokers.join(','), ...topics]);
  const exit = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += String(text)));
  for await (const line of createInterface({ input: child.stdout })) found(recordOf(line));
  const [code] = (await exit) as [number | null];
  if (code !== 0) throw new Error(`the reader ended with ${code}: ${said}`);
}

type Line = [string, number, number, string | null, string | null, readonly [string, string | null][]];

function recordOf(line: string): ForeignRecord {
  const [topic, partition, offset, key, value, headers] = JSON.parse(line) as Line;
  const bytes = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text, 'base64'));
  return {
    topic,
    partition,
    offset,
    key: bytes(key),
    value: bytes(value),
    headers: headers.map(([name, content]) => [name, bytes(content) ?? Buffer.alloc(0)]),
  };
}
