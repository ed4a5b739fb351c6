/** Shapes of the answers, for the OpenAPI document. */
import Type, { type TObject, type TSchema } from 'typebox';

const text = (description: string): TSchema => Type.String({ description });
const whole = (description: string): TSchema => Type.Integer({ description });
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

const VersionName = text('version of the model');
const Weights = Type.Record(Type.String(), Type.Integer(), { description: 'millionths of the traffic, by version' });

const Reason = Type.Object(
  {
    rule: text('test, evidence, effect, exposure, duration, guardrail, alert …'),
    holds: Type.Boolean({ description: 'whether the promotion passes it' }),
    said: text('what was measured and what is needed'),
  },
  { additionalProperties: true },
);

const Verdict = Type.Union(['promote', 'hold', 'rollback', 'retire'].map((verdict) => Type.Literal(verdict)));

/** As packages/client reads it, and docs of other clients describe it. */
export const SplitShape: TObject = Type.Object({
  model: Type.String(),
  owner: whole('take-over of the partition that decided'),
  epoch: whole('of the split, from 1; a client takes none older than it has'),
  champion: VersionName,
  arms: Weights,
  ranges: Type.Array(Type.Object({ version: Type.String(), from: Type.Integer(), to: Type.Integer() }), {
    description: 'half-open ranges of the bucket of a unit, in millionths',
  }),
  salt: text('of the hash of a unit'),
  leaseMs: whole('from the receipt'),
  validUntilMs: whole('wall clock, ms since 1970'),
  decisionId: text('64 hex digits; /v1/decisions/{id} of the governance log'),
  keyId: orNull(Type.String()),
  signature: text('base64 of Ed25519 over the document without keyId and signature; empty without a key'),
});

/** https://flagd.dev/schema/v0/flags.json has the whole of it. */
export const FlagdShape: TObject = Type.Object({
  $schema: Type.String(),
  flags: Type.Record(Type.String(), Type.Object({}, { additionalProperties: true }), {
    description: 'one flag: its key is the model, its variants are versions',
  }),
  metadata: Type.Record(Type.String(), Type.String()),
});

export const EvidenceShape: TObject = Type.Object(
  {
    model: Type.String(),
    champion: orNull(VersionName),
    weights: orNull(Weights),
    halt: Type.Union(['none', 'frozen', 'killed'].map((halt) => Type.Literal(halt))),
    joining: Type.Record(Type.String(), Type.Integer(), {
      description: 'predictions and outcomes, by what became of them',
    }),
    openAlerts: Type.Array(
      Type.Object({ id: Type.String(), kind: Type.String(), summary: Type.String() }, { additionalProperties: true }),
    ),
    judged: Type.Boolean({ description: 'false without a policy' }),
    verdict: Verdict,
    test: orNull(
      Type.Object(
        { id: Type.String(), phase: Type.String(), champion: Type.String(), challenger: Type.String() },
        { additionalProperties: true },
      ),
    ),
    reasons: Type.Array(Reason),
  },
  {
    additionalProperties: true,
    description: 'while a test runs also eValue, effect, samples, means, guardrails, expected and heldBy',
  },
);

export const DecisionsShape: TObject = Type.Object({
  model: Type.String(),
  items: Type.Array(
    Type.Object({
      no: whole('number of the decision about the model'),
      kind: text('promoted, rolled-back, weights-set, test-opened …'),
      action: Type.String(),
      decisionId: text('64 hex digits'),
      timeMs: whole('event time, ms since 1970'),
      from: orNull(VersionName),
      to: orNull(VersionName),
      reasons: Type.Array(Type.String()),
      weights: orNull(Weights),
      actor: text('promotion, or the principal whose command it follows'),
    }),
    { description: 'newest first' },
  ),
});

export const JudgementShape: TObject = Type.Object({
  model: Type.String(),
  verdict: Verdict,
  champion: orNull(VersionName),
  reasons: Type.Array(Reason),
});

export const KillSwitchShape: TObject = Type.Object({
  model: Type.String(),
  stopped: orNull(text('by whom, since when and why leases are not renewed')),
});
