/** Dead letters counted by topic, reason and model. */
import type { DeadLetter } from './letter.ts';

export interface LetterGroup {
  readonly service: string;
  readonly topic: string;
  readonly reason: string;
  readonly model: string;
  count: number;
  /** The newest of them. */
  newest: { timestampMs: number; partition: number; offset: bigint; message: string };
}

/** More groups than this are counted together: keys of torn records may be anything. */
const MAX_GROUPS = 10_000;
const OTHERS = '(other keys)';
const LONGEST_KEY = 60;

export class LetterGroups {
  readonly #groups = new Map<string, LetterGroup>();
  letters = 0;

  add({ service, source, reason, key, timestampMs, partition, offset, message }: DeadLetter): void {
    this.letters += 1;
    const place = (model: string): string => JSON.stringify([service, source.topic, reason, model]);
    const named = modelOf(key);
    const model = this.#groups.size < MAX_GROUPS || this.#groups.has(place(named)) ? named : OTHERS;
    const newest = { timestampMs, partition, offset, message };
    const group = this.#groups.get(place(model));
    if (group === undefined)
      this.#groups.set(place(model), { service, topic: source.topic, reason, model, count: 1, newest });
    else {
      group.count += 1;
      if (timestampMs >= group.newest.timestampMs) group.newest = newest;
    }
  }

  /** Most letters first. */
  sorted(): readonly LetterGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count || b.newest.timestampMs - a.newest.timestampMs);
  }
}

/** The key as text: what it should be. Others are shown as bytes. */
export function modelOf(key: Uint8Array | null): string {
  if (key === null) return '(no key)';
  const text = Buffer.from(key).toString();
  const isText = Buffer.from(text).equals(Buffer.from(key)) && !/\p{Cc}/u.test(text);
  const shown = isText ? text : `0x${Buffer.from(key).toString('hex')}`;
  return shown.length <= LONGEST_KEY ? shown : `${shown.slice(0, LONGEST_KEY)}…`;
}

export function listText(groups: readonly LetterGroup[]): string {
  const head = ['count', 'topic', 'reason', 'model', 'newest', 'service', 'at'];
  const rows = groups.map(({ count, topic, reason, model, newest, service }) => [
    String(count),
    topic,
    reason,
    model,
    new Date(newest.timestampMs).toISOString().slice(0, 19),
    service,
    `${newest.partition}:${newest.offset}`,
  ]);
  const widths = head.map((title, at) => Math.max(...[head, ...rows].map((row) => (row[at] ?? title).length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padStart(widths[at] as number) : cell.padEnd(widths[at] as number)))
      .join('  ')
      .trimEnd();
  return [head, ...rows]
    .map((row, at) => (at === 0 ? `${line(row)}\n` : `${line(row)}\n    ${groups[at - 1]?.newest.message}\n`))
    .join('');
}

/** One JSON object a line. */
export function listJson(groups: readonly LetterGroup[]): string {
  return groups
    .map(({ newest, ...group }) => {
      const { timestampMs, partition, offset, message } = newest;
      const at = `${partition}:${offset}`;
      return `${JSON.stringify({ ...group, newest: new Date(timestampMs).toISOString(), at, message })}\n`;
    })
    .join('');
}
