/** Every kafkajs error becomes a LogError here, and nowhere else. */
import { LogError, type LogErrorCode } from '../errors.ts';

interface KafkaError extends Error {
  readonly type?: string;
  /** Of the socket. */
  readonly code?: string;
  readonly retriable?: boolean;
  /** Of a request about several topics: what became of each that failed. */
  readonly errors?: readonly KafkaError[];
  readonly topic?: string;
}

const CODES: Readonly<Record<string, LogErrorCode>> = {
  INVALID_PRODUCER_EPOCH: 'FENCED',
  PRODUCER_FENCED: 'FENCED',
  FENCED_INSTANCE_ID: 'FENCED',
  MESSAGE_TOO_LARGE: 'POISON',
  RECORD_LIST_TOO_LARGE: 'POISON',
  INVALID_RECORD: 'POISON',
  INVALID_TIMESTAMP: 'POISON',
  UNKNOWN_TOPIC_OR_PARTITION: 'POISON',
  INVALID_TOPIC_EXCEPTION: 'POISON',
  TOPIC_AUTHORIZATION_FAILED: 'FATAL',
  GROUP_AUTHORIZATION_FAILED: 'FATAL',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'FATAL',
  CLUSTER_AUTHORIZATION_FAILED: 'FATAL',
  SASL_AUTHENTICATION_FAILED: 'FATAL',
  UNSUPPORTED_VERSION: 'FATAL',
  INVALID_TRANSACTION_TIMEOUT: 'FATAL',
  INVALID_CONFIG: 'FATAL',
  INVALID_PARTITIONS: 'FATAL',
  POLICY_VIOLATION: 'FATAL',
};
const CURES: Readonly<Record<LogErrorCode, string>> = {
  FENCED: 'another owner has taken over; drop what you hold and rejoin',
  RETRIABLE: 'the same call may succeed later',
  POISON: 'this record can never be written as it is: correct its size, timestamp or topic',
  GONE: 'read on from the first record kept, or bring the older ones back',
  CLOSED: 'create another',
  FATAL: 'check the settings and authorisations of the broker',
};

/** Where the code alone does not say it. */
const CURES_BY_TYPE: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION:
    'the topic was deleted, or the broker came back without its data: restore it, or start the service again, which creates its topics',
  INVALID_REPLICATION_FACTOR:
    'fewer brokers are up than the topic is to have copies: the same call may succeed once they are',
};

/** Names of errors that a program makes, not its surroundings. */
const PROGRAMMING = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);
/** OpenSSL's and Node's words for a certificate that is not to be trusted. */
const CERTIFICATE = /CERT|SIGNATURE|ERR_TLS/;

/** How long errors that nothing explains are taken for passing, without a success in between, ms. */
export const UNEXPLAINED_MS = 300_000;

/** What became of the calls of one log. */
export class Failures {
  readonly #now: () => number;
  /** By the kind of call: when the first of those that failed without an explanation did, ms. */
  readonly #since = new Map<string, number>();
  #unexplained = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Errors that neither a broker nor a socket has given: faults of kafkajs or of the adapter. */
  get unexplained(): number {
    return this.#unexplained;
  }

  succeeded(kind: string): void {
    this.#since.delete(kind);
  }

  /**
   * kafkajs has such faults while brokers come and go, and gets over them; those that stay must not be retried for ever: after
   * `UNEXPLAINED_MS` they are FATAL.
   */
  of(kind: string, error: unknown, attempted: string): LogError {
    if (error instanceof LogError || isExplained(error)) return logErrorOf(error, attempted);
    this.#unexplained += 1;
    const since = this.#since.get(kind) ?? this.#now();
    this.#since.set(kind, since);
    if (this.#now() - since < UNEXPLAINED_MS) return logErrorOf(error, attempted);
    const said = `${attempted}: ${String(error)}; the same for ${UNEXPLAINED_MS / 60_000} minutes`;
    return new LogError('FATAL', `${said}: report it with the stack, and restart`, { cause: error });
  }
}

/** A broker has answered with it, kafkajs has made it of what a connection did, or a socket or TLS has thrown it. */
function isExplained(error: unknown): boolean {
  const chain = chainOf(error);
  if (chain.some(({ name }) => PROGRAMMING.has(name))) return false;
  return chain.some(({ type, code, name }) => type !== undefined || code !== undefined || name.startsWith('KafkaJS'));
}

export function logErrorOf(error: unknown, attempted: string): LogError {
  if (error instanceof LogError) return error;
  const chain = chainOf(error);
  const several = chain.find(({ errors }) => errors !== undefined && errors.length > 0)?.errors;
  if (several !== undefined) return logErrorOfEach(several, attempted, error);
  const typed = chain.find(({ type }) => type !== undefined);
  const code = (typed?.type !== undefined ? CODES[typed.type] : undefined) ?? 'RETRIABLE';
  // Neither becomes right by itself.
  const refused = chain.find(
    (each) => each.name === 'KafkaJSSASLAuthenticationError' || CERTIFICATE.test(each.code ?? ''),
  );
  if (refused !== undefined)
    return new LogError('FATAL', `${attempted}: ${refused.message}; correct the login or the authorities`, {
      cause: error,
    });
  const said = typed?.type ?? chain.at(-1)?.message ?? String(error);
  return new LogError(code, `${attempted}: ${said}; ${CURES_BY_TYPE[said] ?? CURES[code]}`, { cause: error });
}

/** Of several topics: the reason of each, and the fate of the first that waiting does not mend. */
function logErrorOfEach(errors: readonly KafkaError[], attempted: string, cause: unknown): LogError {
  // One that another process has made in between is as it should be.
  const each = errors
    .filter(({ type }) => type !== 'TOPIC_ALREADY_EXISTS')
    .map((one) => ({ topic: one.topic, said: one.type ?? one.message }));
  const said = each.map(({ topic, said: why }) => (topic === undefined ? why : `${topic}: ${why}`)).join(', ');
  const worst = each.find((one) => CODES[one.said] !== undefined)?.said ?? each[0]?.said ?? '';
  const code = CODES[worst] ?? 'RETRIABLE';
  return new LogError(code, `${attempted}: ${said}; ${CURES_BY_TYPE[worst] ?? CURES[code]}`, { cause });
}

function chainOf(error: unknown): readonly KafkaError[] {
  const chain: KafkaError[] = [];
  for (let each = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each as KafkaError);
  return chain;
}
