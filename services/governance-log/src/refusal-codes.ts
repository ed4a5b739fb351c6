/** Codes of dead letters by the reason of packages/ledger's admission. */
import type { Refusal } from '@weir/ledger/admission';

export type RefusalCode =
  | 'ENTRY_MALFORMED'
  | 'ENTRY_ROUTING'
  | 'ENTRY_KEY'
  | 'ENTRY_SIGNATURE'
  | 'ENTRY_APPROVAL'
  | 'ENTRY_ROTATION'
  | 'ENTRY_HALTED'
  | 'ENTRY_STALE'
  | 'ENTRY_UNCLAIMED'
  | 'ENTRY_EPOCH';

/**
 * A duplicate is skipped. Fork, gap and broken leave the model halted: they change the state, so an alert tells of them, and they are no
 * rejection.
 */
export const REFUSAL_CODES: Readonly<Record<Exclude<Refusal, 'duplicate' | 'fork' | 'gap' | 'broken'>, RefusalCode>> = {
  malformed: 'ENTRY_MALFORMED',
  routing: 'ENTRY_ROUTING',
  key: 'ENTRY_KEY',
  signature: 'ENTRY_SIGNATURE',
  approval: 'ENTRY_APPROVAL',
  rotation: 'ENTRY_ROTATION',
  halted: 'ENTRY_HALTED',
  stale: 'ENTRY_STALE',
  unclaimed: 'ENTRY_UNCLAIMED',
  epoch: 'ENTRY_EPOCH',
};
