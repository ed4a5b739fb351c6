/** Logs as JSON lines: a constant message, fields beside it, never the content of an event. */
import { type Logger, pino } from 'pino';

/** Where payloads, feature values and secrets would be, should somebody pass them. */
const REDACTED = [
  'value',
  'record',
  'event',
  'numeric',
  'categorical',
  'token',
  'authorization',
  '*.value',
  '*.token',
  '*.authorization',
  'req.headers.authorization',
];

export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED, censor: '(redacted)' },
  });
}

/** Alone a service logs under its own name already, and a field twice is no strict JSON. */
export function loggerOf(root: Logger, service: string): Logger {
  return root.bindings()['service'] === service ? root : root.child({ service });
}
