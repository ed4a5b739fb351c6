/** Every kafkajs error becomes a LogError here, and nowhere else. */
import { LogError, type LogErrorCode } from '../errors.ts';

interface KafkaError extends Error {
  readonly type?: string;
  /** Of the socket. */
  readonly code?: string;
  readonly retriable?: boolean;
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
};
const CURES: Readonly<Record<LogErrorCode, string>> = {
  FENCED: 'another owner has taken over; drop what you hold and rejoin',
  RETRIABLE: 'the same call may succeed later',
  POISON: 'this record can never be written as it is: correct its size, timestamp or topic',
  GONE: 'read on from the first record kept, or bring the older ones back',
  CLOSED: 'create another',
  FATAL: 'check the settings and authorisations of the broker',
};

/** OpenSSL's and Node's words for a certificate that is not to be trusted. */
const CERTIFICATE = /CERT|SIGNATURE|ERR_TLS/;

export function logErrorOf(error: unknown, attempted: string): LogError {
  if (error instanceof LogError) return error;
  const chain: KafkaError[] = [];
  for (let each = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each as KafkaError);
  const typed = chain.find(({ type }) => type !== undefined);
  const code = (typed?.type !== undefined ? CODES[typed.type] : undefined) ?? 'RETRIABLE';
  // A kafkajs bug or ours must not be retried for ever.
  const broken = chain.find(({ name }) => ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'].includes(name));
  if (broken !== undefined) return new LogError('FATAL', `${attempted}: ${broken.message}`, { cause: error });
  // Neither becomes right by itself.
  const refused = chain.find(
    (each) => each.name === 'KafkaJSSASLAuthenticationError' || CERTIFICATE.test(each.code ?? ''),
  );
  if (refused !== undefined)
    return new LogError('FATAL', `${attempted}: ${refused.message}; correct the login or the authorities`, {
      cause: error,
    });
  const said = typed?.type ?? chain.at(-1)?.message ?? String(error);
  return new LogError(code, `${attempted}: ${said}; ${CURES[code]}`, { cause: error });
}
