/** The entry that tells of a drill: people have tried the kill switch, and this is how long it took. It moves no traffic. */
import type { CommandIssued } from '@weir/events/generated/events';
import type { Rejection } from '@weir/service-kit/processor';
import { actorOf, demand, OPERATE, refused, said } from './command-checks.ts';
import { type Run, record } from './decision-log.ts';

const FIGURES = ['tookMs', 'clients'] as const;

/** `subject.tookMs`: from the kill until the last client served the champion alone, ms; `subject.clients`: how many there were. */
export function drill(run: Run, command: CommandIssued): string | Rejection {
  const refusal = demand(command, OPERATE);
  if (refusal !== undefined) return refusal;
  const evidence: Record<string, number> = {};
  for (const name of FIGURES) {
    const text = command.subject[name] ?? '';
    if (!/^(0|[1-9][0-9]{0,11})$/.test(text))
      return refused(
        `subject.${name} is ${JSON.stringify(command.subject[name] ?? null)}; it must be a whole number: what the drill has measured`,
      );
    evidence[name] = Number(text);
  }
  record(run, { kind: 'drill', actor: actorOf(command, OPERATE), evidence, reasons: said(command) });
  return 'recorded';
}
