/** Parquet's codecs as Node has them; Snappy comes with the reader itself. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Compressors } from 'hyparquet';

/** A page says how long it is when decompressed; more than that is refused, so that a small file cannot fill the memory. */
export const COMPRESSORS: Compressors = {
  ZSTD: (page, length) => zstdDecompressSync(page, { maxOutputLength: length }),
  GZIP: (page, length) => gunzipSync(page, { maxOutputLength: length }),
  BROTLI: (page, length) => brotliDecompressSync(page, { maxOutputLength: length }),
};
