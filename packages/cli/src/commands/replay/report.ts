/** What a replay found, for people. */
import { type Decoded, decode } from '@weir/events/codec';
import { EventError } from '@weir/events/errors';
import type { Difference, ReplayReport } from '@weir/service-kit/journal/replay';
import type { Changes } from './changes.ts';
import type { OutputGroup, WhatIf } from './what-if.ts';

export function reportText(task: string, report: ReplayReport, build: string): string {
  const { entries, records, outputs, difference, otherState } = report;
  const from = beginningOf(report.anchorMs);
  const lines =
    difference === undefined
      ? [
          `${task}: ${outputs} outputs of ${entries} entries from ${records} records are the same, byte for byte; ${from}`,
        ]
      : differenceLines(task, difference, build);
  if (otherState !== undefined)
    lines.push(
      `${task}: the state after journal entry ${otherState.entry} is another than recorded${byOther(otherState.build, build)}`,
    );
  return `${lines.join('\n')}\n`;
}

/** The same build must give the same states; another one may not. */
export function isFaulty({ difference, otherState }: ReplayReport, build: string): boolean {
  return difference !== undefined || otherState?.build === build;
}

export function beginningOf(anchorMs: number | undefined): string {
  return anchorMs === undefined
    ? 'from the beginning of its journal'
    : `from the anchor of ${new Date(anchorMs).toISOString().slice(0, 19)}`;
}

function differenceLines(task: string, difference: Difference, build: string): string[] {
  const { topic, index, entry, committed, replayed } = difference;
  return [
    `${task}: output ${index} differs${entry === undefined ? '' : `, from journal entry ${entry}`}${byOther(difference.build, build)}:`,
    `  committed  ${committed === undefined ? 'nothing' : `${topic}@${committed.offset} ${committed.id.slice(0, 12)} ${summaryOf(committed.value)}`}`,
    `  replayed   ${replayed === undefined ? 'nothing' : `${replayed.id.slice(0, 12)} ${summaryOf(replayed.value)}`}`,
  ];
}

function byOther(theirs: string, build: string): string {
  return theirs === build ? '' : ` (${theirs} had committed it, this is ${build})`;
}

function summaryOf(value: Uint8Array | null): string {
  if (value === null || value.length === 0) return 'a tombstone';
  let decoded: Decoded;
  try {
    decoded = decode(value);
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    return `${value.length} bytes that are no event`;
  }
  const { name, event } = decoded;
  const summary = 'summary' in event ? ` ${event.summary}` : '';
  return `${name}${summary}${'evidence' in event ? ` (event ${event.evidence.eventId})` : ''}`;
}

/** Counts by event, model, column and rule; those that stay as they are come too, so that the change can be weighed. */
export function whatIfText(task: string, { groups, records }: WhatIf, changes: Changes): string {
  const setting = Object.entries(changes).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const head = ['event', 'model', 'column', 'rule', 'same', 'no more', 'new'];
  const rows = groups.map((each) => [
    each.event,
    each.model,
    each.column,
    each.rule,
    String(each.same),
    String(each.gone),
    String(each.added),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell, at) =>
      at < 4 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number),
    );
    return `  ${cells.join('  ').trimEnd()}\n`;
  };
  const table = rows.length === 0 ? '  no outputs either way\n' : [head, ...rows].map(line).join('');
  return `${task}: ${records} records as recorded, and with ${setting.join(' ')}\n${table}`;
}

export function isChanged(groups: readonly OutputGroup[]): boolean {
  return groups.some(({ gone, added }) => gone > 0 || added > 0);
}
