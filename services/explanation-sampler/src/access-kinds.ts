/** Kinds of access whose models are read, and whose models are called. */
export const READ_KINDS: readonly string[] = ['file', 'inline'];
export const REMOTE_KINDS: readonly string[] = ['oip-v2', 'oip-v2-binary', 'mlflow'];
