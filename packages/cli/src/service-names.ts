/** Weir's services by the names that their topics bear. */
export const SERVICE_NAMES: readonly string[] = [
  'drift-detector',
  'anomaly-detector',
  'explanation-sampler',
  'promotion',
  'governance-log',
];
