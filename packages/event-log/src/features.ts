/** What an adapter promises. The contract suite runs the tests of every claimed feature, and fails on a claim without one. */
export interface Features {
  /** Several records in several partitions become visible together, or never. */
  readonly transactions: boolean;
  /** A second producer with the same fence id makes every later call of the first one fail with `FENCED`. */
  readonly fencing: boolean;
  /** Acknowledged records survive SIGKILL of the process that wrote them. */
  readonly durable: boolean;
  /** Processes on other hosts can take part. */
  readonly multiHost: boolean;
  /**
   * Topics created with `cleanup: 'compact'` keep at least the newest record of each key in a partition, in order and at its own offset,
   * and may drop older ones.
   */
  readonly compaction: boolean;
  /** Topics created with `cleanup: 'delete'` drop their oldest records, some time after retention no longer asks for them. */
  readonly retention: boolean;
  /** Compression codecs that records written by other programs may use. Empty: the log has no compression. */
  readonly codecs: readonly ('gzip' | 'snappy' | 'lz4' | 'zstd')[];
}
