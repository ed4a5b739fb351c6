/** What producers get wrong, on any log. */
import { vi } from 'vitest';
import { prediction, record, registration, type Scene } from './scene.ts';

const BAD = [
  ['UNDECODABLE', record('predictions', Buffer.from('not avro'))],
  ['UNKNOWN_SCHEMA', record('predictions', Buffer.from([0, 0, 0, 9, 9, 1]))],
  ['WRONG_LENGTH', prediction(0, 0, { numeric: [1, 2] })],
  ['UNKNOWN_MODEL', prediction(1, 0, { model: 'nobody' })],
  ['FUTURE_TIMESTAMP', prediction(2, 0, { eventTimeMs: Date.parse('9999-12-31T00:00:00Z') })],
  ['UNDECODABLE', record('predictions', Buffer.alloc(5_000_000, 7))],
] as const;

interface Told {
  /** Codes in the dead-letter topic, sorted. */
  readonly reasons: readonly string[];
  /** Folded by the model. */
  readonly events: number;
}

/** Each bad record once with its reason, and the good one after them folded. */
export const EXPECTED: Told = { reasons: BAD.map(([code]) => code).toSorted(), events: 1 };

/** Sends them all and a good one, and waits until that one was folded. */
export async function toldOfBadRecords(scene: Scene): Promise<Told> {
  await scene.start();
  await scene.send([...registration(), ...BAD.map(([, bad]) => bad), prediction(3, 0)]);
  const events = async (): Promise<number> => {
    const view = JSON.parse((await scene.views.get('drift-detector', 'model/m')) ?? '{}') as { events?: number };
    return view.events ?? 0;
  };
  await vi.waitUntil(async () => (await events()) > 0, { timeout: 10_000 });
  await scene.hasTaken(BAD.length + 1);
  const reasons = (await scene.read('drift-detector.dlq')).map(({ headers }) =>
    Buffer.from(headers.find(([name]) => name === '__streams.errors.exception')?.[1] ?? []).toString(),
  );
  return { reasons: reasons.toSorted(), events: await events() };
}
