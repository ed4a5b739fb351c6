/** Shapes of the answers, for the OpenAPI document. */
import Type, { type TObject, type TSchema } from 'typebox';

const text = (description: string): TSchema => Type.String({ description });
const whole = (description: string): TSchema => Type.Integer({ description });

export const CheckpointShape: TSchema = Type.Object(
  {
    origin: text('which log: <deployment>/governance/<partition>'),
    size: whole('leaves of the signed tree'),
    root: text('base64 of the root hash'),
  },
  { description: 'the signed tree head that the answer stands under; keep it, and ask /consistency later' },
);

const EntryFields = {
  decisionId: text('64 hex digits'),
  model: text('id of the model'),
  seq: whole('place in the chain of the model, from 1'),
  no: whole('number of the decision'),
  kind: text('promoted, rolled-back, weights-set, approval …'),
  time: whole('event time, ms since 1970'),
  index: whole('leaf in the tree'),
};

export const DecisionShape: TObject = Type.Object(
  {
    ...EntryFields,
    decision: Type.Unknown({
      description: 'action, policy hash, cursor, state hash, from, to, weights, evidence, reasons',
    }),
    inputs: Type.Unknown({ description: 'the journal entry that was committed with it' }),
    keyId: text('key of the author'),
    sig: text('Ed25519 over the entry'),
    checkpoint: CheckpointShape,
    links: Type.Object({ explain: Type.String(), proof: Type.String() }),
  },
  { additionalProperties: true },
);

export const SummaryShape: TObject = Type.Object(EntryFields, { additionalProperties: true });

export const DecisionPage: TObject = Type.Object({
  items: Type.Array(SummaryShape),
  next: Type.Union([Type.String({ description: 'cursor of the next page' }), Type.Null()]),
  checkpoints: Type.Array(CheckpointShape),
});

export const ExplanationShape: TObject = Type.Object({
  decision: DecisionShape,
  policy: Type.Unknown({ description: 'hash of the policy that it was made under, and the entry that set it' }),
  inputs: Type.Unknown({ description: 'journal entry, outcomes seen so far and the hash of the state' }),
  evidence: Type.Unknown({ description: 'integers scaled by 10^9, or decimal strings' }),
  reasons: Type.Array(Type.String()),
  refs: Type.Unknown({ description: 'digest, model card, provenance, trace' }),
  test: Type.Unknown({ description: 'the test that it belongs to' }),
  eligible: Type.Array(SummaryShape),
  guardrails: Type.Array(SummaryShape),
  approvals: Type.Array(SummaryShape),
  leaf: Type.Object({ index: Type.Integer(), checkpoint: CheckpointShape }),
});

export const TimelineShape: TObject = Type.Object({
  model: Type.String(),
  live: Type.Unknown({ description: 'what served at the time, and the entries that say so' }),
  items: Type.Array(SummaryShape),
  next: Type.Union([Type.String(), Type.Null()]),
  checkpoint: CheckpointShape,
});

export const ConsistencyShape: TObject = Type.Object({
  origin: Type.String(),
  from: Type.Integer(),
  to: Type.Integer(),
  proof: Type.Array(text('base64 of a hash, RFC 6962 2.1.2')),
  checkpoint: CheckpointShape,
});

export const WitnessesShape: TObject = Type.Object({
  policy: Type.Array(Type.String(), { description: 'lines of C2SP tlog-policy: witness, group, quorum' }),
  quorum: Type.Union([text('who must cosign, in words'), Type.Null({ description: 'no witness is needed' })]),
  newest: Type.Object({
    checkpoint: CheckpointShape,
    witnesses: Type.Array(text('name in the policy of a witness that has cosigned it')),
    hasQuorum: Type.Boolean(),
  }),
  witnessed: Type.Union([CheckpointShape, Type.Null()], {
    description: 'the newest checkpoint that has the quorum; null while none has',
  }),
  faults: Type.Array(
    Type.Object({
      witness: text('name in the policy'),
      said: text('why it has not cosigned'),
      isRefusal: Type.Boolean({ description: 'it refuses the log or has seen another: no later try mends that' }),
    }),
    { description: 'of the last time that they were asked' },
  ),
});

const ProvedShape: TObject = Type.Object(
  { ...EntryFields, proof: text('path of its .tlog-proof') },
  { additionalProperties: true },
);

export const ComplianceShape: TObject = Type.Object({
  statement: Type.String(),
  model: Type.Union([Type.String(), Type.Null()]),
  rows: Type.Array(
    Type.Object({
      rule: Type.String(),
      shows: text('what the entries show of it'),
      kinds: Type.Union([Type.Array(Type.String()), Type.Null({ description: 'entries of every kind' })]),
      count: whole('entries that the query found'),
      entries: Type.Array(ProvedShape, { description: 'the newest of them' }),
    }),
  ),
  coverage: Type.Array(
    Type.Object({
      model: Type.String(),
      entries: Type.Integer(),
      versions: whole('versions that were registered'),
      firstMs: whole('event time of the first entry, ms since 1970'),
      lastMs: whole('event time of the last entry, ms since 1970'),
    }),
  ),
  retention: Type.Array(
    Type.Object({
      checkpoint: CheckpointShape,
      oldest: ProvedShape,
      consistency: text('path of the proof that the log has only grown since its oldest entry'),
    }),
  ),
  checkpoints: Type.Array(CheckpointShape),
});

/** A zip, or with `list` the names of its files. */
export const ExportAnswer: {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: TSchema }>>;
} = {
  description: 'the audit bundle',
  content: {
    'application/zip': { schema: Type.Unsafe({ type: 'string', format: 'binary' }) },
    'application/json': {
      schema: Type.Object(
        {
          checkpoint: CheckpointShape,
          prefix: text('of the routes that have the files'),
          files: Type.Array(Type.String()),
        },
        { $id: 'BundleFiles' },
      ),
    },
  },
};
