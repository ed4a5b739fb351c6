/** `.tlog-proof` files (C2SP tlog-proof): an entry, its inclusion proof and a checkpoint, for a reader who has the trust file alone. */
import { concatBytes, decodeUtf8, fromBase64, toBase64, utf8 } from './bytes.ts';
import { HASH_LENGTH } from './tiles.ts';

export interface ProofFile {
  /** Bytes of the entry. Not authenticated before its leaf hash is proved. */
  readonly extra?: Uint8Array;
  readonly index: number;
  /** Sibling hashes, from the leaf to below the root. */
  readonly proof: readonly Uint8Array[];
  /** The signed note, as the log wrote it. */
  readonly checkpoint: Uint8Array;
}

export class ProofFileError extends Error {
  override readonly name = 'ProofFileError';
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_PROOF = 64;

export function formatProofFile({ extra, index, proof, checkpoint }: ProofFile): Uint8Array {
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...proof.map(toBase64),
    '',
    '',
  ];
  return concatBytes(utf8(lines.join('\n')), checkpoint);
}

/** @throws ProofFileError on anything but the format, each value in its one spelling */
export function parseProofFile(bytes: Uint8Array): ProofFile {
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch {
    throw new ProofFileError('the file is not UTF-8');
  }
  const blank = text.indexOf('\n\n');
  if (blank < 0) throw new ProofFileError('no empty line stands before the checkpoint');
  const [header, ...lines] = text.slice(0, blank).split('\n');
  if (header !== HEADER) throw new ProofFileError(`the first line must be ${HEADER}`);
  const encoded =
    lines[0]?.startsWith('extra ') === true ? (lines.shift() as string).slice('extra '.length) : undefined;
  const extra = encoded === undefined ? undefined : fromBase64(encoded);
  if (encoded !== undefined && extra === undefined) throw new ProofFileError('the extra line is not base64');
  const [, digits] = /^index (0|[1-9]\d*)$/.exec(lines.shift() ?? '') ?? [];
  const index = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(index)) throw new ProofFileError('"index <number>" is missing');
  if (lines.length > MAX_PROOF)
    throw new ProofFileError(`a proof of ${lines.length} hashes; at most ${MAX_PROOF} can be needed`);
  const proof = lines.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_LENGTH)
      throw new ProofFileError(`${JSON.stringify(line)} is not a hash of 32 bytes in base64`);
    return hash;
  });
  return { ...(extra === undefined ? {} : { extra }), index, proof, checkpoint: utf8(text.slice(blank + 2)) };
}
