/** A signed checkpoint as a record of `governance-checkpoints`: once when the log has signed it, and again with cosignatures. */
import { encode } from '@weir/events/codec';
import type { StepContext } from '@weir/service-kit/processor';
import type { Log } from './state.ts';

export interface PublishedNote {
  readonly size: number;
  readonly note: string;
  /** Within the log. */
  readonly id: string;
}

export function publishCheckpoint(
  context: StepContext,
  { admission }: Log,
  { size, note, id }: PublishedNote,
  eventTimeMs: number,
): void {
  const { origin } = admission;
  context.emit(0, {
    topic: 'governance-checkpoints',
    key: origin,
    value: encode('GovernanceCheckpoint', { origin, size, note }),
    id: `${origin}/${id}`,
    eventTimeMs,
  });
}
