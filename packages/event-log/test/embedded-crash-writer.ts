/**
 * Commits transactions over two partitions until it is killed, and tells the number of each once it is committed:
 * `node embedded-crash-writer.ts FILE FROM [DIES_AT]`. It kills itself at insert DIES_AT, with the transaction half in the file.
 */
import { writeSync } from 'node:fs';
import { createEmbeddedLog } from '../src/embedded/log.ts';
import type { NewRecord } from '../src/port.ts';

export const TOPIC = 'crash';
export const PARTITIONS: readonly number[] = [0, 1];

/** Records of one partition in transaction `number`, each saying which it is and of how many; every fourth transaction is of megabytes. */
export function recordsOf(number: number, partition: number): readonly NewRecord[] {
  const isLarge = number % 4 === 3;
  const count = isLarge ? 300 : 1 + ((number * 7_919) % 40);
  const padding = 'x'.repeat(isLarge ? 4_000 : (number * 104_729) % 500);
  return Array.from({ length: count }, (_, index) => ({
    topic: TOPIC,
    partition,
    key: null,
    value: Buffer.from(`${number} ${index} ${count} ${padding}`),
  }));
}

if (import.meta.main) {
  const [file = '', from = '', diesAt] = process.argv.slice(2);
  const log = createEmbeddedLog({ file });
  if (diesAt !== undefined) {
    let inserts = 0;
    log.database.function('inserted', () => {
      inserts += 1;
      if (inserts === Number(diesAt)) process.kill(process.pid, 'SIGKILL');
      return null;
    });
    // So small a cache that pages go to the file before the commit.
    log.database.exec(`PRAGMA cache_size = 5;
      CREATE TEMP TRIGGER half AFTER INSERT ON batch BEGIN SELECT inserted(); END`);
  }
  const producer = await log.producer({ fenceId: 'writer' });
  for (let number = Number(from); ; number += 1) {
    const transaction = await producer.begin();
    for (const partition of PARTITIONS) await transaction.send(recordsOf(number, partition));
    await transaction.commit();
    writeSync(1, `${number}\n`);
  }
}
