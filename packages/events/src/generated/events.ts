// Generated from schemas/*.avsc by generate.ts. Do not edit.
/** The events that the value was computed from. */
export interface AlertWindow {
  /** Values in the window, a count. */
  readonly size: number;
  /** Event time of its oldest event, milliseconds since 1970-01-01 UTC. */
  readonly fromMs: number;
  /** Event time of its newest event, milliseconds since 1970-01-01 UTC. */
  readonly toMs: number;
}

/** Where to look. */
export interface AlertEvidence {
  /** Logical input topic; empty when a timer caused it. At most 512 bytes of UTF-8. */
  readonly topic: string;
  /** Partition, a number from 0. */
  readonly partition: number;
  /** Id of the event that completed the window; of a time window its rule and end. At most 1,024 bytes of UTF-8. */
  readonly eventId: string;
}

/** What a rule promises about its false alarms. */
export interface FalseAlarmRate {
  /** Name of the promise and what it rests on, e.g. exchangeable, arl, budget. At most 8,192 bytes of UTF-8. */
  readonly guarantee: string;
  /** Events between two false alarms on average, at least; a count. */
  readonly expectedEventsBetweenFalseAlarms: number;
}

/** Where the middle nine tenths of a sample lie. */
export interface Quantiles {
  /** 5 % quantile, in the column's unit. */
  readonly low: number;
  /** 50 % quantile, in the column's unit. */
  readonly median: number;
  /** 95 % quantile, in the column's unit. */
  readonly high: number;
}

/** How a window differs from its reference. */
export interface DriftDetail {
  /** Distance D of the two distribution functions, in [0, 1]. */
  readonly statistic: number;
  /** Value at which they differ most, in the column's unit; null for columns without an order. */
  readonly at: null | number;
  /** +1: the values moved up against the reference, -1: down, 0: neither. A sign, no unit. */
  readonly direction: number;
  /** p-value of this one look, in [0, 1]; not an error rate of the stream. */
  readonly pValueSingleLook: number;
  /** Probability that a value of the window exceeds one of the reference, ties counted half, minus 1/2; in [-0.5, 0.5]. */
  readonly effectSize: number;
  /** Values in the reference, a count. */
  readonly referenceSize: number;
  /** Content hash of the reference used. At most 1,024 bytes of UTF-8. */
  readonly referenceHash: string;
  /** Quantiles of the reference; null for columns without an order. */
  readonly before: null | Quantiles;
  /** Quantiles of the values since sinceMs, or of the window where they are not told apart; null when they are not known. */
  readonly after: null | Quantiles;
}

/** What one feature contributed to an anomaly score. */
export interface AnomalousFeature {
  /** Name of the feature. At most 8,192 bytes of UTF-8. */
  readonly feature: string;
  /** Its share of the score, in [0, 1]. */
  readonly share: number;
  /** +1: higher than expected, -1: lower, 0: neither. A sign, no unit. */
  readonly direction: number;
  /** Value that was seen, in the feature's unit; null = missing or categorical. */
  readonly observed: null | number;
  /** Lower end of the values expected, in the feature's unit; NaN = not known. */
  readonly expectedLow: number;
  /** Upper end of the values expected, in the feature's unit; NaN = not known. */
  readonly expectedHigh: number;
}

/** A run of anomalous events that is told as one. */
export interface AnomalyEpisode {
  /** Event time of its first event, milliseconds since 1970-01-01 UTC. */
  readonly onsetMs: number;
  /** Event time of its highest score so far, milliseconds since 1970-01-01 UTC. */
  readonly peakMs: number;
  /** Event time of its last event, milliseconds since 1970-01-01 UTC; null while it is open. */
  readonly endMs: null | number;
}

/** How odd events were, and why. */
export interface AnomalyDetail {
  /** Highest score, in [0, 1], 0.5 at the boundary of what is odd. */
  readonly score: number;
  /** Calibrated p-value of that score, in [0, 1]. */
  readonly pValue: number;
  /** Calibration that gave the p-value: reference, budget or fdr. At most 8,192 bytes of UTF-8. */
  readonly guarantee: string;
  /** Features with the largest shares, largest first. */
  readonly features: readonly (AnomalousFeature)[];
  /** The episode that it belongs to; null = a single event. */
  readonly episode: null | AnomalyEpisode;
}

/** Which rule of data quality was broken, and how. */
export interface QualityDetail {
  /** Name of the fault, e.g. missing, unit-change, unseen-category, stuck, absent. At most 8,192 bytes of UTF-8. */
  readonly fault: string;
  /** Factor between what was seen and what was expected, no unit; null for faults without one. */
  readonly factor: null | number;
  /** What was seen, for people, with its unit; null = nothing. At most 8,192 bytes of UTF-8. */
  readonly observed: null | string;
  /** What the rule asks for, for people, with its unit. At most 8,192 bytes of UTF-8. */
  readonly expected: string;
}

/** How a group is treated against another. */
export interface FairnessDetail {
  /** Name of the metric, e.g. selection-rate-difference. At most 8,192 bytes of UTF-8. */
  readonly metric: string;
  /** Group that is treated worse, as attribute=value. At most 8,192 bytes of UTF-8. */
  readonly group: string;
  /** Group that it is compared with, as attribute=value; null = all others. At most 8,192 bytes of UTF-8. */
  readonly referenceGroup: null | string;
  /** Value of the metric over the window, in the unit of the alert. */
  readonly current: number;
  /** Value that it is compared with, in the unit of the alert. */
  readonly reference: number;
  /** Lower end of the confidence interval of `current`, in the unit of the alert. */
  readonly low: number;
  /** Upper end of the confidence interval of `current`, in the unit of the alert. */
  readonly high: number;
}

/** How well predictions agree with outcomes. */
export interface PerformanceDetail {
  /** Name of the metric, e.g. log-loss, accuracy. At most 8,192 bytes of UTF-8. */
  readonly metric: string;
  /** Value of the metric over the window, in the unit of the alert. */
  readonly current: number;
  /** Value that it is compared with, in the unit of the alert. */
  readonly reference: number;
  /** Lower end of the confidence interval of `current`, in the unit of the alert. */
  readonly low: number;
  /** Upper end of the confidence interval of `current`, in the unit of the alert. */
  readonly high: number;
}

/** What became of a version on its way to serve. */
export interface PromotionDetail {
  /** Id of the decision in the governance log. At most 1,024 bytes of UTF-8. */
  readonly decisionId: string;
  /** Version or state before; null = none. At most 8,192 bytes of UTF-8. */
  readonly from: null | string;
  /** Version or state after; null = none. At most 8,192 bytes of UTF-8. */
  readonly to: null | string;
  /** Why, each a short code or sentence. At most 8,192 bytes of UTF-8. */
  readonly reasons: readonly (string)[];
}

/** A rule found evidence that something is wrong. */
export interface AlertRaised {
  /** Digest of rule, model, column and the event that caused it: stable over restarts. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Digest of model, rule, column and, where they are set, version and segment: an AlertResolved carries that of its AlertRaised. At most 1,024 bytes of UTF-8. */
  readonly fingerprint: string;
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Model version concerned; null = all. At most 512 bytes of UTF-8. */
  readonly version: null | string;
  /** Feature or output concerned; null = the model as a whole. At most 512 bytes of UTF-8. */
  readonly column: null | string;
  /** Segment concerned, as name=value; null = all traffic. At most 512 bytes of UTF-8. */
  readonly segment: null | string;
  /** Says which of the details below is set. other: a kind that a later version of this schema has. */
  readonly kind: 'drift' | 'anomaly' | 'quality' | 'fairness' | 'performance' | 'promotion' | 'pipeline' | 'other';
  /** Which test spoke, e.g. ks-1000. At most 512 bytes of UTF-8. */
  readonly rule: string;
  /** info, warning or critical. */
  readonly severity: 'info' | 'warning' | 'critical';
  /** One sentence for people. At most 8,192 bytes of UTF-8. */
  readonly summary: string;
  /** What to look at next, and what the alert does not say; empty in records of version 1. At most 8,192 bytes of UTF-8. */
  readonly advice: string;
  /** The rule's statistic, in `unit`. */
  readonly value: number;
  /** Level that the value had to reach, in `unit`. */
  readonly threshold: number;
  /** Unit of value and threshold; null = none. At most 512 bytes of UTF-8. */
  readonly unit: null | string;
  /** Event time at which what the alert tells of most probably began, milliseconds since 1970-01-01 UTC. */
  readonly sinceMs: number;
  /** Event time of the event that caused it, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Null for rules without a window, and in records of version 1. */
  readonly window: null | AlertWindow;
  /** Where to look. */
  readonly evidence: AlertEvidence;
  /** Null when the rule promises nothing. */
  readonly rate: null | FalseAlarmRate;
  /** For routing and grouping in other tools. At most 8,192 bytes of UTF-8. */
  readonly labels: Readonly<Record<string, string>>;
  /** Set for alerts of kind drift. */
  readonly drift: null | DriftDetail;
  /** Set for alerts of kind anomaly. */
  readonly anomaly: null | AnomalyDetail;
  /** Set for alerts of kind quality. */
  readonly quality: null | QualityDetail;
  /** Set for alerts of kind fairness. */
  readonly fairness: null | FairnessDetail;
  /** Set for alerts of kind performance. */
  readonly performance: null | PerformanceDetail;
  /** Set for alerts of kind promotion. */
  readonly promotion: null | PromotionDetail;
  /** Id of the open AlertRaised that this one makes more urgent, which alone is resolved later; null = it stands for itself. At most 1,024 bytes of UTF-8. */
  readonly escalates: null | string;
}

/** The evidence of an earlier AlertRaised is gone, or it no longer applies. The figures are those at this time. */
export interface AlertResolved {
  /** Digest of rule, model, column and the event that caused it: stable over restarts. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Digest of model, rule, column and, where they are set, version and segment: an AlertResolved carries that of its AlertRaised. At most 1,024 bytes of UTF-8. */
  readonly fingerprint: string;
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Model version concerned; null = all. At most 512 bytes of UTF-8. */
  readonly version: null | string;
  /** Feature or output concerned; null = the model as a whole. At most 512 bytes of UTF-8. */
  readonly column: null | string;
  /** Segment concerned, as name=value; null = all traffic. At most 512 bytes of UTF-8. */
  readonly segment: null | string;
  /** Says which of the details below is set. other: a kind that a later version of this schema has. */
  readonly kind: 'drift' | 'anomaly' | 'quality' | 'fairness' | 'performance' | 'promotion' | 'pipeline' | 'other';
  /** Which test spoke, e.g. ks-1000. At most 512 bytes of UTF-8. */
  readonly rule: string;
  /** info, warning or critical. */
  readonly severity: 'info' | 'warning' | 'critical';
  /** One sentence for people. At most 8,192 bytes of UTF-8. */
  readonly summary: string;
  /** What to look at next, and what the alert does not say; empty in records of version 1. At most 8,192 bytes of UTF-8. */
  readonly advice: string;
  /** The rule's statistic, in `unit`. */
  readonly value: number;
  /** Level that the value had to reach, in `unit`. */
  readonly threshold: number;
  /** Unit of value and threshold; null = none. At most 512 bytes of UTF-8. */
  readonly unit: null | string;
  /** Event time at which what the alert tells of most probably began, milliseconds since 1970-01-01 UTC. */
  readonly sinceMs: number;
  /** Event time of the event that caused it, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Null for rules without a window, and in records of version 1. */
  readonly window: null | AlertWindow;
  /** Where to look. */
  readonly evidence: AlertEvidence;
  /** Null when the rule promises nothing. */
  readonly rate: null | FalseAlarmRate;
  /** For routing and grouping in other tools. At most 8,192 bytes of UTF-8. */
  readonly labels: Readonly<Record<string, string>>;
  /** Set for alerts of kind drift. */
  readonly drift: null | DriftDetail;
  /** Set for alerts of kind anomaly. */
  readonly anomaly: null | AnomalyDetail;
  /** Set for alerts of kind quality. */
  readonly quality: null | QualityDetail;
  /** Set for alerts of kind fairness. */
  readonly fairness: null | FairnessDetail;
  /** Set for alerts of kind performance. */
  readonly performance: null | PerformanceDetail;
  /** Set for alerts of kind promotion. */
  readonly promotion: null | PromotionDetail;
  /** Id of the AlertRaised. At most 1,024 bytes of UTF-8. */
  readonly raisedId: string;
  /** Event time of the AlertRaised, milliseconds since 1970-01-01 UTC. */
  readonly raisedAtMs: number;
  /** Why: recovered, reference-replaced, rule-removed, …; empty in records of version 1. At most 8,192 bytes of UTF-8. */
  readonly reason: string;
}

/** Who asked. */
export interface Principal {
  /** Pseudonymous id; anonymous where no identity is configured. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Roles at that time. At most 8,192 bytes of UTF-8. */
  readonly roles: readonly (string)[];
}

/** A person or a tool told Weir to do something. */
export interface CommandIssued {
  /** Unique id of the command: sent twice it counts once. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** What to do: acknowledge, mute, approve, reject, freeze, kill, rollback, rebase, reanchor, label. At most 8,192 bytes of UTF-8. */
  readonly action: string;
  /** What it is about, by name: alert, version, column, decision, …; names depend on the action. At most 8,192 bytes of UTF-8. */
  readonly subject: Readonly<Record<string, string>>;
  /** Why, in the issuer's words; may be empty. At most 8,192 bytes of UTF-8. */
  readonly reason: string;
  /** Who issued it. */
  readonly principal: Principal;
  /** Wall clock at which it was accepted, milliseconds since 1970-01-01 UTC. */
  readonly issuedMs: number;
}

/** What came of something that a service asked of the world: an input of the service that asked. */
export interface EffectAnswered {
  /** Id of the effect: the same question has the same id. At most 1,024 bytes of UTF-8. */
  readonly effectId: string;
  /** Key whose state asked, usually the model id; also the record key. At most 1,024 bytes of UTF-8. */
  readonly key: string;
  /** Name of the handler, like webhook. At most 512 bytes of UTF-8. */
  readonly kind: string;
  /** done, or failed after the last try. */
  readonly outcome: 'done' | 'failed';
  /** What the handler returned; empty when it failed. */
  readonly payload: Uint8Array;
  /** Why it failed; empty when it did not. At most 8,192 bytes of UTF-8. */
  readonly error: string;
  /** Tries that were made, a count. */
  readonly tries: number;
  /** Wall clock of the answer, milliseconds since 1970-01-01 UTC. */
  readonly answeredMs: number;
}

/** A rule of data quality that an event broke. */
export interface RuleViolation {
  /** Code of the rule, e.g. ABOVE_MAX, MISSING, UNSEEN_CATEGORY. At most 512 bytes of UTF-8. */
  readonly rule: string;
  /** Name of the feature or output. At most 8,192 bytes of UTF-8. */
  readonly field: string;
  /** Value that was seen, as text of 80 characters at the most. At most 8,192 bytes of UTF-8. */
  readonly observed: string;
  /** What the rule allows, for people. At most 8,192 bytes of UTF-8. */
  readonly bound: string;
}

/** An event that broke a rule of data quality or was odd, with its original bytes and the reasons. */
export interface EventQuarantined {
  /** Digest of topic, partition and offset of the event: stable over restarts. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Model version that predicted; null = an event of features alone. At most 512 bytes of UTF-8. */
  readonly version: null | string;
  /** Id of the event. At most 1,024 bytes of UTF-8. */
  readonly eventId: string;
  /** Event time of the event, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Logical topic that it came from. At most 512 bytes of UTF-8. */
  readonly topic: string;
  /** Partition of that topic, a number from 0. */
  readonly partition: number;
  /** Offset in that partition, a number from 0. */
  readonly offset: number;
  /** Size of the original value, bytes. */
  readonly length: number;
  /** The original value as it was framed; where it has more than 900,000 bytes, its first 1,024. */
  readonly value: Uint8Array;
  /** SHA-256 of the original value where `value` is not all of it; null where it is. */
  readonly sha256: null | Uint8Array;
  /** Rules that it broke, in the order of its columns, 64 at the most. */
  readonly violations: readonly (RuleViolation)[];
  /** Rules that it broke in all, a count. */
  readonly violationCount: number;
  /** Why it was odd; null where it was not. Its episode is null: alerts tell of those. */
  readonly anomaly: null | AnomalyDetail;
}

/** Confidence interval of one attribution. */
export interface AttributionInterval {
  /** Lower end, in the unit of the game; NaN where the attribution is withheld. */
  readonly low: number;
  /** Upper end, in the unit of the game; NaN where the attribution is withheld. */
  readonly high: number;
}

/** Why a model answered one sampled prediction as it did. */
export interface ExplanationSampled {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Model version that is explained. At most 512 bytes of UTF-8. */
  readonly version: string;
  /** Id of the feature set that names the attributions. At most 512 bytes of UTF-8. */
  readonly featureSet: string;
  /** Event time of the prediction, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Digest of prediction, version, output, game and seed: stable over restarts. At most 1,024 bytes of UTF-8. */
  readonly id: string;
  /** Id of the prediction. At most 1,024 bytes of UTF-8. */
  readonly predictionId: string;
  /** Output that is explained. At most 8,192 bytes of UTF-8. */
  readonly output: string;
  /** How the attributions were computed: table (trees), linear, kernel or lime. At most 8,192 bytes of UTF-8. */
  readonly method: string;
  /** Value function: path-dependent or interventional-raw (of trees and linear models, in margins), kernel or lime (in the unit of the output). Values of two games are not comparable. At most 8,192 bytes of UTF-8. */
  readonly game: string;
  /** Content hash of the background sample; null for games without one. At most 8,192 bytes of UTF-8. */
  readonly backgroundId: null | string;
  /** Content hash of the model that was called or read; null = not known. At most 8,192 bytes of UTF-8. */
  readonly modelHash: null | string;
  /** Seed of the random numbers used; empty when none were. At most 8,192 bytes of UTF-8. */
  readonly seed: string;
  /** Probability with which the prediction was drawn, in (0, 1]: a mean over explanations weighs each by its inverse. */
  readonly inclusionProbability: number;
  /** Version of the sampling weights that it was drawn with. At most 8,192 bytes of UTF-8. */
  readonly weightsVersion: string;
  /** One per feature in the order of the feature set, in the unit of the game; their sum plus base plus residual is the prediction. NaN = withheld: the feature is protected, and the flag withheld is set. It is not 0: leave it out of a mean, do not count it as no effect. */
  readonly attributions: readonly (number)[];
  /** One per attribution; empty when they are exact. */
  readonly intervals: readonly (AttributionInterval)[];
  /** Level of the intervals, in (0, 1); null when there are none. */
  readonly confidence: null | number;
  /** Value of the game without any feature, in its unit; NaN where an attribution is withheld, which could be computed from it. */
  readonly base: number;
  /** Value of the game with all features, in its unit; NaN where an attribution is withheld. */
  readonly prediction: number;
  /** prediction less base less the sum of the attributions, in the unit of the game: rounding, or what the line of lime leaves over; NaN where an attribution is withheld. */
  readonly residual: number;
  /** Rows that the model was asked for, a count. */
  readonly modelRows: number;
  /** What a reader must know. withheld: values of protected features are NaN. requested: asked for, no part of the sample. mismatch: the model's own answer is not the logged one. ridge, partial: too few coalitions, or not all. unstable: another seed may rank otherwise. At most 8,192 bytes of UTF-8. */
  readonly flags: readonly (string)[];
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

/** A signed tree head of the governance log. */
export interface GovernanceCheckpoint {
  /** Which log: <deployment>/governance/<partition>; also the record key. At most 512 bytes of UTF-8. */
  readonly origin: string;
  /** Leaves of the tree, a count. */
  readonly size: number;
  /** Signed note (C2SP tlog-checkpoint), verbatim. At most 262,144 bytes of UTF-8. */
  readonly note: string;
}

/** An entry of a model's hash chain. The fields in front repeat what the entry says, for routing. */
export interface GovernanceEntry {
  /** Model id, or _system; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Position in the chain of the model, a count from 0. */
  readonly seq: number;
  /** Epoch of the owner that wrote it, a count. */
  readonly owner: number;
  /** Kind of the entry, e.g. promoted, rolled-back, approval. At most 512 bytes of UTF-8. */
  readonly kind: string;
  /** Canonical JSON (RFC 8785), at most 65,535 bytes. These bytes are hashed and signed; nothing is serialised again. */
  readonly entry: Uint8Array;
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
  /** Value to the business, larger is better; null = none. Promotion takes it from 0 to 1 and refuses others: scale it by its known bounds. */
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

/** The promotion policy of a model was set; it replaces the one before. */
export interface PolicySet {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** The policy as JSON, in the bytes that were hashed. At most 262,144 bytes of UTF-8. */
  readonly policy: string;
  /** SHA-256 over the UTF-8 bytes of `policy`, lower-case hex. At most 1,024 bytes of UTF-8. */
  readonly hash: string;
  /** Who set it. */
  readonly principal: Principal;
  /** When it happened, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
  /** Unique id of this setting. At most 1,024 bytes of UTF-8. */
  readonly id: string;
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
  /** Null for a numeric column. For a categorical one its distinct values, ascending by their UTF-8 bytes; counts then has one count for each and values is empty. At most 8,192 bytes of UTF-8. */
  readonly categories: null | readonly (string)[];
}

/** Buckets that go to one version. */
export interface BucketRange {
  /** Model version. At most 512 bytes of UTF-8. */
  readonly version: string;
  /** First bucket, in [0, 1000000). */
  readonly from: number;
  /** Bucket after the last, in (0, 1000000]. */
  readonly to: number;
}

/** Which versions serve, and for what share of the traffic. */
export interface TrafficSplitSet {
  /** Model id; also the record key. At most 512 bytes of UTF-8. */
  readonly model: string;
  /** Epoch of the owner that wrote it, a count: readers refuse one whose (owner, epoch) is below the highest that they have seen. */
  readonly owner: number;
  /** Epoch of the split, a count; rises with each change of a weight. */
  readonly epoch: number;
  /** Version that serves all traffic once the lease has expired. At most 8,192 bytes of UTF-8. */
  readonly champion: string;
  /** Weight by version, in millionths; they sum to 1,000,000. */
  readonly arms: Readonly<Record<string, number>>;
  /** All buckets, each once, ascending. */
  readonly ranges: readonly (BucketRange)[];
  /** Bucket of a unit = floor(first 4 bytes of SHA-256(salt|unit), big-endian, times 1,000,000 / 2^32). At most 8,192 bytes of UTF-8. */
  readonly salt: string;
  /** How long it holds from its receipt, milliseconds, never past validUntilMs. */
  readonly leaseMs: number;
  /** When it ends at the latest, milliseconds since 1970-01-01 UTC. */
  readonly validUntilMs: number;
  /** Id of the decision in the governance log. At most 1,024 bytes of UTF-8. */
  readonly decisionId: string;
  /** Key that signed it; null = not signed. At most 8,192 bytes of UTF-8. */
  readonly keyId: null | string;
  /** Signature over the split document; empty when it is not signed. */
  readonly signature: Uint8Array;
  /** Event time of the decision, milliseconds since 1970-01-01 UTC. Within ±8.64e15. */
  readonly eventTimeMs: number;
}

/** Every event by its name. */
export interface EventTypes {
  readonly AlertRaised: AlertRaised;
  readonly AlertResolved: AlertResolved;
  readonly CommandIssued: CommandIssued;
  readonly EffectAnswered: EffectAnswered;
  readonly EventQuarantined: EventQuarantined;
  readonly ExplanationSampled: ExplanationSampled;
  readonly FeaturesLogged: FeaturesLogged;
  readonly GovernanceCheckpoint: GovernanceCheckpoint;
  readonly GovernanceEntry: GovernanceEntry;
  readonly JournalEntry: JournalEntry;
  readonly ModelVersionRegistered: ModelVersionRegistered;
  readonly OutcomeObserved: OutcomeObserved;
  readonly OversizedDeadLetter: OversizedDeadLetter;
  readonly PolicySet: PolicySet;
  readonly PredictionLogged: PredictionLogged;
  readonly ReferenceSet: ReferenceSet;
  readonly TrafficSplitSet: TrafficSplitSet;
}
