/** What handlers of commands share: roles, refusals, and the parts of an entry that a person decides. */
import type { CommandIssued } from '@weir/events/generated/events';
import type { Entry } from '@weir/ledger/entry';
import type { Rejection } from '@weir/service-kit/processor';
import { nameOf } from './registrations.ts';
import { epochOf, type ModelState } from './state.ts';

/** May freeze, unfreeze, kill, roll back and lift a halt. */
export const OPERATE = 'operate';
export const EVERY_ROLE = '*';

export function demand({ principal }: CommandIssued, role: string): Rejection | undefined {
  const has = principal.roles.includes(role) || principal.roles.includes(EVERY_ROLE);
  return has ? undefined : forbidden(principal.id, role);
}

export function forbidden(principal: string, role: string): Rejection {
  return {
    code: 'ROLE_MISSING',
    message: `principal ${principal} does not have the role ${role}; give it in WEIR_PRINCIPALS_FILE`,
  };
}

export function refused(message: string): Rejection {
  return { code: 'COMMAND_REFUSED', message };
}

export function actorOf({ principal }: CommandIssued, role: string): Entry['actor'] {
  return { principal: nameOf(principal.id), role };
}

export function said({ reason }: CommandIssued): string[] {
  return reason === '' ? [] : [reason];
}

/** A person who read an older split may want something else by now: `subject.epoch`, where it is given, is that of the split in force. */
export function checkEpoch(state: ModelState, { subject }: CommandIssued): Rejection | undefined {
  const { epoch } = subject;
  if (epoch === undefined || epoch === String(epochOf(state))) return undefined;
  return refused(
    `subject.epoch is ${JSON.stringify(epoch)}; the split in force has epoch ${epochOf(state)}; read /split again and name it, or leave it out`,
  );
}
