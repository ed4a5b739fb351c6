// Generated from schemas/*.avsc by generate.ts. Do not edit.
/** Where to look. */
export interface AlertRaisedEvidence {
  /** Logical input topic. At most 512 bytes of UTF-8. */
  readonly topic: string;
  /** Partition, a number from 0. */
  readonly partition: number;
  /** Id of the event that completed the window; of a time window its rule and end. At most 1,024 bytes of UTF-8. */
  readonly eventId: string;
  /** Event time of the oldest event of the window, milliseconds since 1970-01-01 UTC. */
  readonly fromMs: number;
  /** Event time of the newest event of the window, milliseconds since 1970-01-01 UTC. */
  readonly toMs: number;
}

/** A rule found evidence against the reference. */
export interface AlertRaised {
  /** Digest of rule, model, column and the event that caused it: stable over restarts. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Digest of model, rule and column: an AlertResolved carries that of its AlertRaised. At most 1,024 bytes of UTF-8. */
  readonly fingerprint: string;
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Feature or output concerned; null = the model as a whole. At most 512 bytes of UTF-8. */
  readonly column: null | string;
  /** Which test spoke, e.g. ks-1000. At most 512 bytes of UTF-8. */
  readonly rule: string;
  /** info, warning or critical. */
  readonly severity: 'info' | 'warning' | 'critical';
  /** One sentence for people. At most 8,192 bytes of UTF-8. */
  readonly summary: string;
  /** The rule's statistic, in [0, 1]: for ks the distance D, for missing the share of missing values. */
  readonly statistic: number;
  /** Level that the statistic had to reach, in its unit. */
  readonly threshold: number;
  /** Value at which the distributions differ most, in the column's unit; NaN for rules without a place. */
  readonly at: number;
  /** +1: the values moved up against the reference, -1: down. A sign, no unit. */
  readonly direction: number;
  /** p-value of this one look, in [0, 1]; not an error rate of the stream. */
  readonly pValueSingleLook: number;
  /** Probability that a value of the window exceeds one of the reference, ties counted half, minus 1/2; in [-0.5, 0.5]. */
  readonly effectSize: number;
  /** Values in the window, a count. */
  readonly windowSize: number;
  /** Values in the reference, a count. */
  readonly referenceSize: number;
  /** Content hash of the reference used. At most 1,024 bytes of UTF-8. */
  readonly referenceHash: string;
  /** Event time at which what the alert tells of most probably began, milliseconds since 1970-01-01 UTC. */
  readonly sinceMs: number;
  /** Event time of the event that caused it, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Where to look. */
  readonly evidence: AlertRaisedEvidence;
}

/** Where to look. */
export interface AlertResolvedEvidence {
  /** Logical input topic. At most 512 bytes of UTF-8. */
  readonly topic: string;
  /** Partition, a number from 0. */
  readonly partition: number;
  /** Id of the event that completed the window; of a time window its rule and end. At most 1,024 bytes of UTF-8. */
  readonly eventId: string;
  /** Event time of the oldest event of the window, milliseconds since 1970-01-01 UTC. */
  readonly fromMs: number;
  /** Event time of the newest event of the window, milliseconds since 1970-01-01 UTC. */
  readonly toMs: number;
}

/** The evidence of an earlier AlertRaised is gone. */
export interface AlertResolved {
  /** Digest of rule, model, column and the event that caused it: stable over restarts. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Digest of model, rule and column: an AlertResolved carries that of its AlertRaised. At most 1,024 bytes of UTF-8. */
  readonly fingerprint: string;
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Feature or output concerned; null = the model as a whole. At most 512 bytes of UTF-8. */
  readonly column: null | string;
  /** Which test spoke, e.g. ks-1000. At most 512 bytes of UTF-8. */
  readonly rule: string;
  /** info, warning or critical. */
  readonly severity: 'info' | 'warning' | 'critical';
  /** One sentence for people. At most 8,192 bytes of UTF-8. */
  readonly summary: string;
  /** The rule's statistic, in [0, 1]: for ks the distance D, for missing the share of missing values. */
  readonly statistic: number;
  /** Level that the statistic had to reach, in its unit. */
  readonly threshold: number;
  /** Value at which the distributions differ most, in the column's unit; NaN for rules without a place. */
  readonly at: number;
  /** +1: the values moved up against the reference, -1: down. A sign, no unit. */
  readonly direction: number;
  /** p-value of this one look, in [0, 1]; not an error rate of the stream. */
  readonly pValueSingleLook: number;
  /** Probability that a value of the window exceeds one of the reference, ties counted half, minus 1/2; in [-0.5, 0.5]. */
  readonly effectSize: number;
  /** Values in the window, a count. */
  readonly windowSize: number;
  /** Values in the reference, a count. */
  readonly referenceSize: number;
  /** Content hash of the reference used. At most 1,024 bytes of UTF-8. */
  readonly referenceHash: string;
  /** Event time at which what the alert tells of most probably began, milliseconds since 1970-01-01 UTC. */
  readonly sinceMs: number;
  /** Event time of the event that caused it, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Where to look. */
  readonly evidence: AlertResolvedEvidence;
  /** Id of the AlertRaised. At most 1,024 bytes of UTF-8. */
  readonly raisedId: string;
  /** Event time of the AlertRaised, milliseconds since 1970-01-01 UTC. */
  readonly raisedAtMs: number;
}

/** A feature pipeline produced a row, without a prediction. */
export interface FeaturesLogged {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Id of the feature set that gives names, types and units of the arrays. At most 512 bytes of UTF-8. */
  readonly featureSet: string;
  /** When it happened, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Numeric features in the feature set's order, each in the unit that the feature set names; NaN = missing. */
  readonly numeric: readonly (number)[];
  /** Categorical features in the feature set's order; null = missing. Each at most 8,192 bytes of UTF-8. */
  readonly categorical: readonly (null | string)[];
  /** Unique id of the row. At most 1,024 bytes of UTF-8. */
  readonly id: string;
}

/** Either records taken from one input topic, or a tick of the clock. */
export interface JournalStep {
  /** Logical topic the records came from; null = a tick. At most 512 bytes of UTF-8. */
  readonly topic: null | string;
  /** Records taken, a count; 0 = the position was set, nothing taken. */
  readonly count: number;
  /** Offset of the next record to take; 0 for a tick. */
  readonly nextOffset: number;
  /** Wall clock shown to the fold, milliseconds since 1970-01-01 UTC; null = records. */
  readonly tickMs: null | number;
}

/** The commit of one batch, or a take-over of the partition. */
export interface JournalEntry {
  /** What the entry records. */
  readonly kind: 'takeover' | 'batch';
  /** Position in the journal of this partition, a count from 0; a take-over does not advance it. */
  readonly seq: number;
  /** What was folded, in order. */
  readonly steps: readonly (JournalStep)[];
  /** Records that left in this transaction beside the journal and dead letters, a count. */
  readonly outputs: number;
  /** SHA-256 over the outputs in order; null when there were none. */
  readonly outputsDigest: null | Uint8Array;
  /** SHA-256 over the state after this entry; null when none was taken. */
  readonly stateDigest: null | Uint8Array;
  /** take-over: a value only this owner knows, the barrier it reads up to. At most 1,024 bytes of UTF-8. */
  readonly nonce: null | string;
  /** take-over: host and process of the owner. At most 512 bytes of UTF-8. */
  readonly owner: null | string;
  /** take-over: build of the owner. At most 512 bytes of UTF-8. */
  readonly build: null | string;
  /** take-over: JSON of all configuration that can change an output. At most 262,144 bytes of UTF-8. */
  readonly config: null | string;
  /** Wall clock at the commit, milliseconds since 1970-01-01 UTC. */
  readonly processingTimeMs: number;
  /** batch: the state before this entry was given up, because records it is made of are no longer kept; true = this entry begins from an empty state. */
  readonly startsOver: boolean;
  /** first batch of an owner: seq of the first entry that its build folds to another result than was committed; null = none. */
  readonly divergedSeq: null | number;
}

/** One feature. */
export interface Feature {
  /** Name, unique in the feature set. At most 512 bytes of UTF-8. */
  readonly name: string;
  /** numeric or categorical: each array keeps the order of this list. */
  readonly type: 'numeric' | 'categorical';
  /** Unit of the values, e.g. mi, min, ms; null = none. At most 512 bytes of UTF-8. */
  readonly unit: null | string;
  /** True for attributes that need access control (age, sex, …). */
  readonly protected: boolean;
}

/** Names, types and units of the feature arrays. */
export interface FeatureSet {
  /** Id that events refer to. At most 512 bytes of UTF-8. */
  readonly id: string;
  /** Features in order. */
  readonly features: readonly (Feature)[];
}

/** One model output. */
export interface OutputColumn {
  /** Name, unique among outputs and features. At most 512 bytes of UTF-8. */
  readonly name: string;
  /** Unit of the values; null = none. At most 512 bytes of UTF-8. */
  readonly unit: null | string;
}

/** How an explainer may call or read the model. */
export interface ModelAccess {
  /** Kind of access, e.g. http, onnx. At most 512 bytes of UTF-8. */
  readonly kind: string;
  /** Where it is, in the terms of its kind. At most 8,192 bytes of UTF-8. */
  readonly location: string;
}

/** A model version and the shape of its events became known. */
export interface ModelVersionRegistered {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Model version. At most 512 bytes of UTF-8. */
  readonly version: string;
  /** The feature set of this version. */
  readonly featureSet: FeatureSet;
  /** Output columns in order. */
  readonly outputs: readonly (OutputColumn)[];
  /** Null when Weir has no access. */
  readonly access: null | ModelAccess;
  /** Content hash of the model artefact; null = not given. At most 1,024 bytes of UTF-8. */
  readonly digest: null | string;
  /** When it happened, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Unique id of this registration. At most 1,024 bytes of UTF-8. */
  readonly id: string;
}

/** What became of a prediction. */
export interface OutcomeObserved {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Id of the prediction. At most 1,024 bytes of UTF-8. */
  readonly predictionId: string;
  /** When it happened, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Ground truth in the unit of the output it judges; null = none. */
  readonly label: null | number;
  /** Value to the business, larger is better, any fixed unit; null = none. */
  readonly reward: null | number;
  /** 0 for the first outcome of a prediction, larger ones replace smaller ones, a count. */
  readonly revision: number;
}

/** Stands for a dead letter whose original is above the size limit. */
export interface OversizedDeadLetter {
  /** Size of the original value, bytes. */
  readonly length: number;
  /** SHA-256 of the original value. */
  readonly sha256: Uint8Array;
  /** First bytes of the original value. */
  readonly head: Uint8Array;
}

/** How Weir's traffic split chose the version. */
export interface Routing {
  /** Epoch of the traffic split, a count. */
  readonly epoch: number;
  /** Arm that was drawn. At most 512 bytes of UTF-8. */
  readonly arm: string;
  /** Probability of that arm, in (0, 1]. */
  readonly propensity: number;
}

/** A model version answered a request. The fields a detector needs come first, so that a reader may stop early. */
export interface PredictionLogged {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Model version that answered. At most 512 bytes of UTF-8. */
  readonly version: string;
  /** Id of the feature set that gives names, types and units of the arrays. At most 512 bytes of UTF-8. */
  readonly featureSet: string;
  /** When it happened, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Numeric features in the feature set's order, each in the unit that the feature set names; NaN = missing. */
  readonly numeric: readonly (number)[];
  /** Categorical features in the feature set's order; null = missing. Each at most 8,192 bytes of UTF-8. */
  readonly categorical: readonly (null | string)[];
  /** Model outputs in the order of the registered output columns, each in its unit there; NaN = missing. */
  readonly outputs: readonly (number)[];
  /** Unique id of the prediction; outcomes refer to it. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Whom the prediction is about (pseudonymous id); null = unknown. At most 512 bytes of UTF-8. */
  readonly unit: null | string;
  /** Segment name to value, for breakdowns. Names and values at most 512 bytes of UTF-8. */
  readonly segment: Readonly<Record<string, string>>;
  /** Present when Weir routed the request. */
  readonly routing: null | Routing;
  /** Time the model took, milliseconds; null = not measured. */
  readonly latencyMs: null | number;
}

/** Immutable, content-hashed reference sample of one column. */
export interface ReferenceSet {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Feature or output name. At most 512 bytes of UTF-8. */
  readonly column: string;
  /** Distinct values, ascending, finite, in the column's unit. */
  readonly values: readonly (number)[];
  /** Multiplicity of each value, a count of at least 1; same length as values. */
  readonly counts: readonly (number)[];
  /** Missing values in the sample, a count. */
  readonly missing: number;
  /** SHA-256 over the content, lower-case hex: see reference-hash.ts. At most 1,024 bytes of UTF-8. */
  readonly hash: string;
  /** Where the sample came from, for people. At most 8,192 bytes of UTF-8. */
  readonly source: string;
  /** When it happened, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Unique id of this reference set. At most 1,024 bytes of UTF-8. */
  readonly id: string;
}

/** Every event by its name. */
export interface EventTypes {
  readonly AlertRaised: AlertRaised;
  readonly AlertResolved: AlertResolved;
  readonly FeaturesLogged: FeaturesLogged;
  readonly JournalEntry: JournalEntry;
  readonly ModelVersionRegistered: ModelVersionRegistered;
  readonly OutcomeObserved: OutcomeObserved;
  readonly OversizedDeadLetter: OversizedDeadLetter;
  readonly PredictionLogged: PredictionLogged;
  readonly ReferenceSet: ReferenceSet;
}
