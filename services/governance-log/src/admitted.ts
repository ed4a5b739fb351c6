/** Which records are leaves: the same for the fold and for whoever makes a folder anew. */
import {
  type AdmissionTools,
  admit,
  advance,
  type Record as EntryRecord,
  type SignatureCheck,
  type Verdict,
} from '@weir/ledger/admission';
import { verifiers } from '@weir/ledger/node-crypto';
import { hasher, type Log } from './state.ts';

/** Leaves the log as it is. */
export function judge(log: Log, record: EntryRecord): Verdict {
  return admit(log.admission, record, toolsOf(log, record.bytes));
}

/** Moves the log past a record that `judge` judged in this state: a leaf more, or a model that is halted, or nothing. */
export function pass({ admission, frontier, leaves }: Log, verdict: Verdict): void {
  advance(admission, verdict, hasher);
  if (verdict.reason !== undefined) return;
  frontier.append(verdict.leaf);
  leaves.append(verdict.entry.model, verdict.leaf);
}

function toolsOf({ leaves }: Log, bytes: Uint8Array): AdmissionTools {
  const ed25519 = ({ key, message, signature }: SignatureCheck): boolean =>
    verifiers.ed25519(key.key, message, signature);
  return {
    hasher,
    checkEntry: ed25519,
    checkRotation: ed25519,
    // The index answers whether a leaf is there, in 16 bytes: what is asked for is the leaf of this record.
    leafOf: (model, seq) => {
      const leaf = hasher.leaf(bytes);
      return leaves.holds(model, seq, leaf) ? leaf : undefined;
    },
  };
}
