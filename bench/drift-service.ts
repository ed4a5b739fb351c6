/**
 * The drift detector alone over a recorded embedded log: 5 features, m = W = 1,000, exact KS after every value.
 * The peer of the same run decodes the same records with the plain Avro decoder and does nothing else. Last, beside the same records whole,
 * a recording in which one record in a hundred is torn: each goes to the dead-letter topic with its reason.
 *   npm run bench -- drift-service [EVENTS]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import { decode } from '@weir/events/codec';
import { topicName } from '@weir/events/topics';
import { cpuSeconds, detect, median, PREFIX, record } from './recorded/drift.ts';

const ROUNDS = 5;
const TORN_EVERY = 100;
const events = Number(process.argv[3] ?? 1_000_000);

for (const models of [2, 50]) {
  await onLog(async (log) => {
    await record(log, models, events);
    const rates: number[] = [];
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const decoding = await decodeAll(log);
      const detecting = await detect(log, `bench-${models}-${round}.`, events);
      rates.push(detecting);
      ratios.push(detecting / decoding);
    }
    console.log(
      `${models} models: ${Math.round(median(rates)).toLocaleString('en')} events per CPU-second (median of ${ROUNDS}, ${events.toLocaleString('en')} events), ` +
        `${median(ratios).toFixed(2)} × decoding alone; peak resident ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
    );
  });
}
await onLog(async (whole) => {
  await record(whole, 2, events);
  await onLog(async (torn) => {
    await record(torn, 2, events, TORN_EVERY);
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const clean = await detect(whole, `whole-${round}.`, events);
      ratios.push((await detect(torn, `torn-${round}.`, events, events / TORN_EVERY)) / clean);
    }
    console.log(
      `2 models, one record in ${TORN_EVERY} torn: ${median(ratios).toFixed(2)} × the events per CPU-second of whole records`,
    );
  });
});

/** An embedded log in a folder of its own, which goes with it. */
async function onLog(run: (log: EmbeddedLog) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const log = createEmbeddedLog({ file: join(folder, 'log.db') });
  try {
    await run(log);
  } finally {
    await log.close();
    rmSync(folder, { recursive: true });
  }
}

/** Events per CPU-second of reading and decoding, nothing else. */
async function decodeAll(log: EmbeddedLog): Promise<number> {
  const started = process.cpuUsage();
  const reader = await log.reader();
  const stream = await reader.open({ topic: topicName(PREFIX, 'predictions'), partition: 0 }, 'earliest');
  let seen = 0;
  while (seen < events) {
    for (const { value } of (await stream.next(1_000))?.records ?? []) {
      decode(value as Uint8Array);
      seen += 1;
    }
  }
  await reader.close();
  return events / cpuSeconds(started);
}
