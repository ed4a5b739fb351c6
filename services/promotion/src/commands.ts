/** What people decide: approvals over a decision id, freezes, kills, rollbacks, and the break-glass; what they lift is in lifts.ts. */
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import type { CommandIssued } from '@weir/events/generated/events';
import { fromBase64 } from '@weir/ledger/bytes';
import type { Approval as SignedApproval } from '@weir/ledger/entry';
import { approvalMessage } from '@weir/ledger/entry-codec';
import { parseVkey } from '@weir/ledger/keys';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import type { Rejection } from '@weir/service-kit/processor';
import { actorOf, checkEpoch, demand, EVERY_ROLE, forbidden, OPERATE, refused, said } from './command-checks.ts';
import { type Run, record } from './decision-log.ts';
import { drill } from './drill.ts';
import { liftHalt, unfreeze } from './lifts.ts';
import { endTest, promote, returnToPrevious, voidApprovals, whyNotNow } from './machine.ts';
import type { RunningTest } from './running-test.ts';
import { keep, MAX_COMMANDS } from './state.ts';

/** May promote alone, with a reason. */
export const BREAK_GLASS = 'break-glass';

type Handler = (run: Run, command: CommandIssued) => string | Rejection;

const HANDLERS: Readonly<Record<string, Handler>> = {
  approve,
  reject,
  freeze,
  unfreeze,
  kill,
  rollback,
  'break-glass': breakGlass,
  drill,
  'lift-halt': liftHalt,
};

/** Commands of other services leave nothing behind. */
export function isOwnCommand({ action }: CommandIssued): boolean {
  return Object.hasOwn(HANDLERS, action);
}

export function carryOut(run: Run, command: CommandIssued): Rejection | undefined {
  const { state } = run;
  const { id, action, principal } = command;
  // Sent twice it counts once.
  if (state.commands.some((known) => known.id === id)) return undefined;
  if (state.versions.length === 0)
    return {
      code: 'UNKNOWN_MODEL',
      message: `model ${state.model} is not registered; send ModelVersionRegistered first`,
    };
  const result = (HANDLERS[action] as Handler)(run, command);
  if (typeof result !== 'string') return result;
  keep(state.commands, { id, action, principal: principal.id, result }, MAX_COMMANDS);
  return undefined;
}

function approve(run: Run, command: CommandIssued): string | Rejection {
  const { state } = run;
  const found = awaiting(run, command);
  if ('code' in found) return found;
  const { test, decisionId, policy, role } = found;
  const { principal } = command;
  if (principal.id === state.policy?.author)
    return refused(`${principal.id} wrote the policy; somebody else must approve what it allows`);
  if (test.approvals.some((approval) => approval.principal === principal.id))
    return refused(`${principal.id} has approved this decision; the next approval must come from somebody else`);
  const signed = signatureIn(run, command, decisionId);
  if (signed !== undefined && 'code' in signed) return signed;
  test.approvals.push({ principal: principal.id, role });
  record(run, {
    kind: 'approval',
    actor: actorOf(command, role),
    ...(signed === undefined ? {} : { approval: signed }),
    from: test.champion,
    to: test.challenger,
    reasons: [`approves ${decisionId}`, ...said(command)],
  });
  if (test.approvals.length < policy.approval.required)
    return `${test.approvals.length} of ${policy.approval.required} approvals`;
  const against = whyNotNow(run, test, policy);
  if (against.length > 0) {
    voidApprovals(run, test, against);
    return `approved, but void: ${against.join('; ')}`;
  }
  promote(
    run,
    test,
    policy,
    test.approvals.map((approval) => `approved by ${approval.principal} as ${approval.role}`),
  );
  return 'promoted';
}

function reject(run: Run, command: CommandIssued): string | Rejection {
  const found = awaiting(run, command);
  if ('code' in found) return found;
  endTest(run, 'retired', [`rejected by ${command.principal.id}`, ...said(command)], actorOf(command, found.role));
  return 'retired';
}

interface Awaiting {
  readonly test: RunningTest;
  readonly decisionId: string;
  readonly policy: PromotionPolicy;
  readonly role: string;
}

/** What both need: a decision that waits, the one they name, and a role of the policy. */
function awaiting({ state }: Run, { subject, principal }: CommandIssued): Awaiting | Rejection {
  const { test, policy } = state;
  if (test === null || policy === null || test.phase !== 'awaiting-approval' || test.eligible === null)
    return refused(
      `no promotion of ${state.model} waits for approval; GET /v1/models/…/evidence shows where it stands`,
    );
  const { decisionId } = test.eligible;
  if (subject['decision'] !== decisionId)
    return refused(
      `subject.decision is ${JSON.stringify(subject['decision'] ?? null)}; the decision that waits is ${decisionId}; read it again and name it`,
    );
  const role = policy.policy.approval.roles.find((each) => principal.roles.includes(each));
  if (role === undefined && !principal.roles.includes(EVERY_ROLE))
    return forbidden(principal.id, policy.policy.approval.roles.join(' or '));
  return { test, decisionId, policy: policy.policy, role: role ?? EVERY_ROLE };
}

function freeze(run: Run, command: CommandIssued): string | Rejection {
  const { state } = run;
  const refusal = demand(command, OPERATE);
  if (refusal !== undefined) return refusal;
  if (state.halt === 'killed') return refused(`${state.model} is killed, which is more than frozen; unfreeze it first`);
  if (state.halt === 'frozen') return 'was frozen';
  state.halt = 'frozen';
  record(run, { kind: 'frozen', actor: actorOf(command, OPERATE), reasons: said(command) });
  const { test } = state;
  if (test?.phase === 'awaiting-approval') voidApprovals(run, test, ['the model was frozen']);
  return 'frozen';
}

/** Takes the challenger's traffic at once; without a test, that of a version that replaced another. No test opens until it is unfrozen. */
function kill(run: Run, command: CommandIssued): string | Rejection {
  const { state } = run;
  const refusal = demand(command, OPERATE);
  if (refusal !== undefined) return refusal;
  state.halt = 'killed';
  state.asked = undefined;
  const reasons = [`killed by ${command.principal.id}`, ...said(command)];
  const actor = actorOf(command, OPERATE);
  if (state.test !== null) endTest(run, 'killed', reasons, actor);
  else if (!returnToPrevious(run, 'killed', reasons, actor)) record(run, { kind: 'killed', actor, reasons });
  return `killed; ${state.champion} serves`;
}

function rollback(run: Run, command: CommandIssued): string | Rejection {
  const { state } = run;
  const refusal = demand(command, OPERATE) ?? checkEpoch(state, command);
  if (refusal !== undefined) return refusal;
  const reasons = [`rolled back by ${command.principal.id}`, ...said(command)];
  const actor = actorOf(command, OPERATE);
  if (state.test !== null) endTest(run, 'rolled-back', reasons, actor);
  else if (!returnToPrevious(run, 'rolled-back', reasons, actor))
    return refused(`${state.champion} is the only version that ${state.model} can serve; register another`);
  return `rolled back; ${state.champion} serves`;
}

function breakGlass(run: Run, command: CommandIssued): string | Rejection {
  const { state } = run;
  const refusal = demand(command, BREAK_GLASS) ?? checkEpoch(run.state, command);
  if (refusal !== undefined) return refusal;
  const { test, policy } = state;
  const { reason, subject, principal } = command;
  if (reason.trim() === '') return refused('reason is empty; a break-glass is reviewed by its reason; give one');
  if (test === null || policy === null || test.phase === 'holdback')
    return refused(`no challenger of ${state.model} is under test; a break-glass promotes one that is`);
  if (subject['version'] !== test.challenger)
    return refused(
      `subject.version is ${JSON.stringify(subject['version'] ?? null)}; the challenger is ${JSON.stringify(test.challenger)}; name it`,
    );
  if (state.halt !== 'none') return refused(`${state.model} is ${state.halt}; unfreeze it first`);
  const actor = actorOf(command, BREAK_GLASS);
  const decisionId = record(run, {
    kind: 'break-glass',
    actor,
    from: test.champion,
    to: test.challenger,
    reasons: [`${principal.id} promotes alone and must be reviewed`, ...said(command)],
  });
  promote(run, test, policy.policy, [`break-glass by ${principal.id}, decision ${decisionId}`]);
  return 'promoted; the entry asks for a review';
}

/** The approver's own signature over the decision id, when the command carries one: readers of the log refuse what their keys do not verify. */
function signatureIn({ config }: Run, { subject }: CommandIssued, of: string): SignedApproval | Rejection | undefined {
  const { keyId, signature: sig } = subject;
  if (keyId === undefined && sig === undefined) return undefined;
  const signature = fromBase64(sig ?? '');
  const approver = config.approvers
    .map((vkey) => parseVkey(vkey, sha256))
    .find((known) => known?.keyId === keyId && known?.type === 'ed25519');
  if (keyId === undefined || sig === undefined || signature === undefined || approver === undefined)
    return refused(
      `subject.keyId is ${JSON.stringify(keyId ?? null)}; it must be that of a key of WEIR_PROMOTION_APPROVERS, with subject.signature in base64`,
    );
  if (!verifiers.ed25519(approver.key, approvalMessage(of), signature))
    return refused(
      `subject.signature is not that of ${keyId} over decision ${of}; sign "weir/approval/v1\\n" and the id`,
    );
  return { of, keyId, sig };
}
