/** Every topic: what it carries and how it is kept. Logical names are used in code; `topicName` adds the configured prefix. */
export interface TopicDefinition {
  readonly name: string;
  readonly events: readonly string[];
  readonly key: string;
  readonly cleanup: 'delete' | 'compact';
  /** Absent: kept for ever, because replay and auditors need the whole history. */
  readonly retentionMs?: number;
  readonly maxRecordBytes: number;
}

const DAY_MS = 86_400_000;
const MIB = 1 << 20;

export const TOPICS: readonly TopicDefinition[] = [
  {
    name: 'predictions',
    events: ['PredictionLogged'],
    key: 'model id',
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    maxRecordBytes: 8 * MIB,
  },
  {
    name: 'features',
    events: ['FeaturesLogged'],
    key: 'model id',
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    maxRecordBytes: 8 * MIB,
  },
  {
    name: 'outcomes',
    events: ['OutcomeObserved'],
    key: 'model id',
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    maxRecordBytes: MIB,
  },
  {
    name: 'models',
    events: ['ModelVersionRegistered', 'PolicySet'],
    key: 'model id',
    cleanup: 'delete',
    maxRecordBytes: MIB,
  },
  { name: 'references', events: ['ReferenceSet'], key: 'model id', cleanup: 'delete', maxRecordBytes: 8 * MIB },
  { name: 'commands', events: ['CommandIssued'], key: 'model id', cleanup: 'delete', maxRecordBytes: MIB },
  {
    name: 'alerts',
    events: ['AlertRaised', 'AlertResolved'],
    key: 'model id',
    cleanup: 'delete',
    retentionMs: 90 * DAY_MS,
    maxRecordBytes: MIB,
  },
  {
    name: 'quarantine',
    events: ['EventQuarantined'],
    key: 'model id',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    maxRecordBytes: MIB,
  },
  {
    name: 'explanations',
    events: ['ExplanationSampled'],
    key: 'model id',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    maxRecordBytes: MIB,
  },
  // The newest split of a model is all that a router needs; no service folds over it, so it may be compacted.
  { name: 'traffic-splits', events: ['TrafficSplitSet'], key: 'model id', cleanup: 'compact', maxRecordBytes: MIB },
  { name: 'governance-log', events: ['GovernanceEntry'], key: 'model id', cleanup: 'delete', maxRecordBytes: MIB },
  {
    name: 'governance-checkpoints',
    events: ['GovernanceCheckpoint'],
    key: 'log id',
    cleanup: 'delete',
    maxRecordBytes: MIB,
  },
];

export const DEFAULT_TOPIC_PREFIX = 'weir.';

export function topicName(prefix: string, logical: string): string {
  return `${prefix}${logical}`;
}

/** Commit record of a service; kept as long as the inputs it speaks of. */
export function journalTopic(service: string): TopicDefinition {
  return { name: `${service}.journal`, events: ['JournalEntry'], key: 'none', cleanup: 'delete', maxRecordBytes: MIB };
}

export function deadLetterTopic(service: string): TopicDefinition {
  return {
    name: `${service}.dlq`,
    events: ['the original bytes', 'OversizedDeadLetter'],
    key: 'of the original',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    maxRecordBytes: 8 * MIB,
  };
}

/** Answers of the world to a service's effects: inputs of that service, kept as long as its journal needs them. */
export function resultsTopic(service: string): TopicDefinition {
  return {
    name: `${service}.results`,
    events: ['EffectAnswered'],
    key: 'model id',
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    maxRecordBytes: MIB,
  };
}

/** Bound of one record; that of journals for topics that no contract names. */
export function maxRecordBytesOf(logical: string): number {
  return TOPICS.find(({ name }) => name === logical)?.maxRecordBytes ?? MIB;
}
