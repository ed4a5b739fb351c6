/** The commands of `weir`. One is loaded when it is named, so that none waits for what another needs. */
import type { Command } from './output.ts';

export interface Entry {
  /** Words after `weir`. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly Entry[] = [
  {
    name: 'dev',
    summary: 'try it: the services on three million real flights',
    load: async () => (await import('./commands/dev/dev.ts')).dev,
  },
  {
    name: 'register',
    summary: 'register a version of a model, its features and outputs',
    load: async () => (await import('./commands/register/register.ts')).register,
  },
  {
    name: 'reference',
    summary: 'set the references of a model from a file',
    load: async () => (await import('./commands/reference/reference.ts')).reference,
  },
  {
    name: 'send',
    summary: 'send the rows of a file as predictions, and outcomes, of a version',
    load: async () => (await import('./commands/send/send.ts')).send,
  },
  {
    name: 'replay',
    summary: 'reproduce every recorded output, byte for byte',
    load: async () => (await import('./commands/replay/replay.ts')).replay,
  },
  {
    name: 'dlq',
    summary: 'list, show and send again what was dead-lettered',
    load: async () => (await import('./commands/dlq/dlq.ts')).dlq,
  },
  {
    name: 'scan drift',
    summary: 'find drift between two files',
    load: async () => (await import('./commands/scan-drift.ts')).scanDrift,
  },
  {
    name: 'check',
    summary: 'find the rows of a file that break the rules of a reference, and the odd ones',
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'rules',
    summary: 'infer, lint and show rules of data quality, or export them as JSON Schema',
    load: async () => (await import('./commands/rules/rules.ts')).rules,
  },
  {
    name: 'explain',
    summary: 'say why a model answers as it does, for the rows of a file',
    load: async () => (await import('./commands/explain/explain.ts')).explain,
  },
  {
    name: 'freeze',
    summary: 'stop all promotions of a model, or of all models',
    load: async () => (await import('./commands/operate/operate.ts')).freeze,
  },
  {
    name: 'unfreeze',
    summary: 'lift a freeze or, with a second person, a kill',
    load: async () => (await import('./commands/operate/operate.ts')).unfreeze,
  },
  {
    name: 'kill',
    summary: 'take the traffic from challengers, or from a live version, at once',
    load: async () => (await import('./commands/operate/operate.ts')).kill,
  },
  {
    name: 'rollback',
    summary: 'the same, and the next test may open after the cooldown',
    load: async () => (await import('./commands/operate/operate.ts')).rollback,
  },
  {
    name: 'policy lint',
    summary: 'say all that is wrong with a promotion policy',
    load: async () => (await import('./commands/policy-lint.ts')).policyLint,
  },
  {
    name: 'policy schema',
    summary: 'the fields of a promotion policy as JSON Schema',
    load: async () => (await import('./commands/policy-schema.ts')).policySchema,
  },
  {
    name: 'simulate promotion',
    summary: 'samples, days and error rates of a policy before it is set',
    load: async () => (await import('./commands/simulate-promotion.ts')).simulatePromotionCommand,
  },
  {
    name: 'verify',
    summary: 'check a governance log, or one decision, offline',
    load: async () => (await import('./commands/verify/verify.ts')).verify,
  },
  {
    name: 'timeline',
    summary: 'which version was live when, and why, from a governance log',
    load: async () => (await import('./commands/timeline/timeline.ts')).timeline,
  },
];
