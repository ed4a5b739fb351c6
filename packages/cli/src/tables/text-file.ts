/** A text file by its first bytes, and its lines: gzipped or plain, UTF-8 or UTF-16, with any line ends. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { UsageError } from '../output.ts';

export interface TextFile {
  readonly path: string;
  readonly gzipped: boolean;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  readonly lineEnd: '\n' | '\r';
  /** Its first characters. */
  readonly start: string;
}

const START_BYTES = 1 << 16;
/** More is no line but a file without line ends. */
export const LONGEST_LINE: number = 1 << 24;

/** First bytes of a file, as they are on the disk. */
export function firstBytes(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(START_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, START_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

export function isParquet(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).toString('latin1') === 'PAR1';
}

/** `bytes` are the first of the file. @throws {UsageError} when they are no text. */
export function textFile(path: string, bytes: Buffer): TextFile {
  const gzipped = isGzip(bytes);
  const plain = gzipped ? inflateStart(path, bytes) : bytes;
  if (isParquet(plain)) throw new UsageError(`${path} is gzipped Parquet; unpack it with gunzip`);
  const mark = plain.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  const start = decoded(path, decoderOf(encoding), plain);
  if (start.includes('\0'))
    throw new UsageError(
      `${path} holds bytes that no text has; give CSV or NDJSON as UTF-8 (plain or gzipped), or Parquet`,
    );
  return { path, gzipped, encoding, lineEnd: !start.includes('\n') && start.includes('\r') ? '\r' : '\n', start };
}

/** Text of another encoding is refused: read as UTF-8 its letters would all be the same replacement character, and categories would melt. */
function decoderOf(encoding: string): TextDecoder {
  return new TextDecoder(encoding, { fatal: true });
}

/** Without bytes: the end of the file. */
function decoded(path: string, decoder: TextDecoder, bytes?: Buffer): string {
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined });
  } catch {
    throw new UsageError(
      `${path} is not ${decoder.encoding.toUpperCase()}; convert it, as with: iconv -f ISO-8859-1 -t UTF-8 ${path}`,
    );
  }
}

function inflateStart(path: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, START_BYTES);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UsageError {
  return new UsageError(
    `${path} cannot be read to its end: ${error instanceof Error ? error.message : String(error)}; copy it again`,
  );
}

/** All lines, in batches. @throws {UsageError} when the file is cut off or damaged. */
export async function* linesOf({ path, gzipped, encoding, lineEnd }: TextFile): AsyncGenerator<readonly string[]> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  // The loop below hears of errors; `pipeline` only carries them from one stream to the other.
  const bytes = gzipped ? pipeline(file, createGunzip({ chunkSize: 1 << 18 }), () => {}) : file;
  const decoder = decoderOf(encoding);
  let rest = '';
  const cut = (text: string): string[] => {
    const lines = (rest + text).split(lineEnd);
    rest = lines.pop() as string;
    if (rest.length > LONGEST_LINE)
      throw new UsageError(`${path} has a line of more than ${LONGEST_LINE} characters; give it with line ends`);
    return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  };
  try {
    for await (const chunk of bytes) yield cut(decoded(path, decoder, chunk as Buffer));
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(path, error);
  } finally {
    file.destroy();
    bytes.destroy();
  }
  const last = cut(decoded(path, decoder) + lineEnd);
  if (last.join('') !== '') yield last;
}
