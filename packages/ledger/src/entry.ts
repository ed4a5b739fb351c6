/** Entries of the governance log: one decision each. */

/** 32 bytes in lower-case hex. */
export type Hex32 = string;

/** Matured observations so far, and the last of them. */
export interface Cursor {
  readonly n: number;
  readonly maturity: number;
  readonly id: string;
}

export type Kind =
  | 'version-registered'
  | 'policy-set'
  | 'epoch-claim'
  | 'test-opened'
  | 'weights-set'
  | 'guardrail-fired'
  | 'eligible'
  | 'approval'
  | 'promoted'
  | 'rolled-back'
  | 'retired'
  | 'frozen'
  | 'killed'
  | 'break-glass'
  | 'reset'
  | 'key-rotated'
  | 'drill';

export interface Decision {
  readonly action: string;
  readonly policyHash: Hex32;
  readonly testId?: string;
  readonly cursor: Cursor;
  readonly stateHash: Hex32;
  readonly from?: string;
  readonly to?: string;
  /** Share of traffic per version in 1/10^6. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Reals are integers scaled by 10^9 or decimal strings. */
  readonly evidence?: Readonly<Record<string, number | string>>;
  readonly reasons: readonly string[];
}

export interface Entry {
  readonly v: 1;
  readonly model: string;
  /** From 1, one more with every entry of the model. */
  readonly seq: number;
  /** Leaf hash of the model's previous entry, or its genesis (chain.ts). */
  readonly prev: Hex32;
  /** Owner epoch, for fencing. */
  readonly owner: number;
  /** Split epoch. */
  readonly epoch: number;
  /** Decision number: entries of the model without its epoch claims. */
  readonly no: number;
  readonly kind: Kind;
  /** Event time in ms, never the wall clock. */
  readonly time: number;
  /** A principal is a pseudonymous id: no entry holds personal data. */
  readonly actor: { readonly service: string } | { readonly principal: string; readonly role: string };
  /** The approver's own signature over a decision id. */
  readonly approval?: Approval;
  readonly decision: Decision;
  readonly decisionId: Hex32;
  /** The journal entry committed with this one: what the decision rests on. */
  readonly inputs: { readonly journal: { readonly partition: number; readonly seq: number } };
  readonly refs?: Readonly<Partial<Record<'digest' | 'modelCard' | 'slsa' | 'openlineage' | 'traceparent', string>>>;
  readonly keyId: string;
  /** Ed25519 over signedMessage, in base64. */
  readonly sig: string;
}

export interface Approval {
  readonly of: Hex32;
  readonly keyId: string;
  readonly sig: string;
}

/** What an author decides; the id and the signature follow from it. */
export type EntryBody = Omit<Entry, 'decisionId' | 'sig'>;

/** tlog-tiles gives the length of an entry 16 bits. Larger evidence is referred to by its SHA-256. */
export const MAX_ENTRY_BYTES = 65_535;

export class EntryError extends Error {
  override readonly name = 'EntryError';
  /** The field, or the JCS rule, that the bytes break. */
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(message);
    this.rule = rule;
  }
}
