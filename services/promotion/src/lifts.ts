/**
 * What people lift: a freeze, alone; a kill, and a halt of the model's chain in the governance log, as two distinct principals. The first
 * asks, the second lifts.
 */
import type { CommandIssued } from '@weir/events/generated/events';
import { fromHex } from '@weir/ledger/bytes';
import type { Head } from '@weir/ledger/chain';
import type { Rejection } from '@weir/service-kit/processor';
import { actorOf, demand, OPERATE, refused, said } from './command-checks.ts';
import { claimAfter, type Run, record } from './decision-log.ts';
import { voidApprovals } from './eligibility.ts';
import { openTest } from './openings.ts';
import { nameOf } from './registrations.ts';

/** A freeze is lifted by one person, a kill by two. */
export function unfreeze(run: Run, command: CommandIssued): string | Rejection {
  const { state } = run;
  const refusal = demand(command, OPERATE);
  if (refusal !== undefined) return refusal;
  const { halt } = state;
  if (halt === 'none') return 'was not frozen';
  const actor = actorOf(command, OPERATE);
  const first = halt === 'killed' ? askedBefore(run, command, 'unfreeze', '') : undefined;
  if (first !== undefined && typeof first !== 'string') return first;
  if (halt === 'killed' && first === '') {
    record(run, {
      kind: 'frozen',
      action: 'unfreeze-asked',
      actor,
      reasons: ['the model stays killed until another principal asks the same', ...said(command)],
    });
    return '1 of 2 principals';
  }
  state.halt = 'none';
  record(run, {
    kind: 'frozen',
    action: 'unfreeze',
    from: halt,
    actor,
    ...(first === undefined ? {} : { evidence: { askedBy: nameOf(first) } }),
    reasons: said(command),
  });
  openTest(run, 'next-prediction');
  return 'unfrozen';
}

/**
 * The governance log admits no entry of a model whose chain has a fork, a gap or a broken link. The chain goes on after the last entry that was
 * admitted, which both principals name, under a new owner: whatever an owner before wrote is stale then, and halts it no more.
 */
export function liftHalt(run: Run, command: CommandIssued): string | Rejection {
  const refusal = demand(command, OPERATE);
  if (refusal !== undefined) return refusal;
  const { state } = run;
  const head = headIn(command);
  if ('code' in head) return head;
  const { seq, owner, epoch } = head;
  const { leaf = '' } = command.subject;
  const first = askedBefore(run, command, 'lift-halt', `${seq} ${leaf} ${owner} ${epoch}`);
  if (typeof first !== 'string') return first;
  // No entry: the log would refuse it as it refuses all of the model.
  if (first === '') return '1 of 2 principals';
  const written = state.head?.seq ?? 0;
  claimAfter(run, head, {
    kind: 'epoch-claim',
    action: 'lift-halt',
    actor: actorOf(command, OPERATE),
    evidence: { askedBy: nameOf(first) },
    reasons: [
      `the chain goes on after seq ${seq}`,
      ...(written > seq ? [`what was written from seq ${seq + 1} to ${written} is not in the log`] : []),
      ...said(command),
    ],
  });
  const { test } = state;
  // The decision that waits, and approvals of it, may be among what is not in the log.
  if (test?.phase === 'awaiting-approval') voidApprovals(run, test, ['the chain goes on after a halt']);
  return `lifted; the chain goes on at seq ${seq + 1} under owner ${owner + 1}`;
}

/** @returns who asked for the same before; empty for the first, who is remembered */
function askedBefore(
  { state }: Run,
  { principal }: CommandIssued,
  action: 'unfreeze' | 'lift-halt',
  of: string,
): string | Rejection {
  const { asked } = state;
  if (asked?.action !== action || asked.of !== of) {
    state.asked = { action, of, by: principal.id };
    return '';
  }
  if (nameOf(asked.by) === nameOf(principal.id))
    return refused(`${principal.id} has asked for this already; another principal must ask the same`);
  state.asked = undefined;
  return asked.by;
}

function headIn({ subject }: CommandIssued): Head | Rejection {
  const leaf = fromHex(subject['leaf'] ?? '');
  if (leaf?.length !== 32)
    return refused(
      `subject.leaf is ${JSON.stringify(subject['leaf'] ?? null)}; it must be the 64 hex digits that governanceLog of GET /v1/models/… shows`,
    );
  const numbers = { seq: -1, owner: -1, epoch: -1 };
  for (const name of ['seq', 'owner', 'epoch'] as const) {
    const text = subject[name] ?? '';
    if (!/^(0|[1-9][0-9]{0,14})$/.test(text))
      return refused(
        `subject.${name} is ${JSON.stringify(subject[name] ?? null)}; it must be the whole number that the governance log shows of the model`,
      );
    numbers[name] = Number(text);
  }
  return { ...numbers, leaf, keyId: '', claimSeq: 0 };
}
