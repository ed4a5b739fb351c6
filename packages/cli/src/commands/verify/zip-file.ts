/**
 * Files of a zip that every reader reads alike. A zip names its files twice, before each one and in a directory at its end, and readers
 * differ in which they follow: here both must say the same, of every byte of the file.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { TamperError } from '@weir/ledger/tampering';

const MAX_UNPACKED_BYTES = 2 ** 31;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const DESCRIPTOR = 0x08074b50;
const END_LENGTH = 22;
/** Flag: CRC and sizes stand in a descriptor behind the file. */
const HAS_DESCRIPTOR = 0x8;
const IS_UTF8 = 0x800;
/** Those two, and how hard the packer tried. */
const KNOWN_FLAGS = HAS_DESCRIPTOR | IS_UTF8 | 0x6;
const STORED = 0;
const DEFLATED = 8;
/** CRC, packed and unpacked size. */
const SUMS_LENGTH = 12;

interface Member {
  readonly name: string;
  readonly crc: number;
  readonly method: number;
  readonly packed: Buffer;
  readonly size: number;
}

/** @throws TamperError of reason `zip`: damaged, ambiguous, or of more than 2 GiB */
export function unzip(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let unpacked = 0;
  for (const member of membersOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    unpacked += member.size;
    if (unpacked > MAX_UNPACKED_BYTES) throw refusal('the files have more than 2 GiB');
    const file = contentOf(member);
    if (file?.length !== member.size || crc32(file) !== member.crc)
      throw refusal(`${member.name} is not what its size and CRC-32 say`);
    if (!member.name.endsWith('/')) files.set(member.name, file);
  }
  return files;
}

/** Undefined unless all of the packed bytes, and no more, unpack. */
function contentOf({ method, packed, size }: Member): Uint8Array | undefined {
  if (method === STORED) return packed;
  if (method !== DEFLATED) return undefined;
  try {
    // The declarations leave out what the option `info` returns.
    const { buffer, engine } = inflateRawSync(packed, {
      maxOutputLength: Math.max(1, size),
      info: true,
    }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return engine.bytesWritten === packed.length ? buffer : undefined;
  } catch {
    return undefined;
  }
}

/** What the directory names, each compared with what stands before the file. */
function membersOf(zip: Buffer): readonly Member[] {
  try {
    return new Directory(zip).members();
  } catch (error) {
    if (error instanceof RangeError) throw refusal('it is torn');
    throw error;
  }
}

class Directory {
  readonly #zip: Buffer;

  constructor(zip: Buffer) {
    this.#zip = zip;
  }

  /** @throws RangeError where the file ends too early */
  members(): readonly Member[] {
    const names = new Set<string>();
    const members: Member[] = [];
    const { places, start } = this.#places();
    let file = 0;
    for (const place of places) {
      const member = this.#member(place, file);
      if (names.has(member.name)) throw refusal(`${member.name} is in it twice`);
      names.add(member.name);
      members.push(member);
      file = member.end;
    }
    if (file !== start) throw refusal('something lies between its files and its directory');
    return members;
  }

  /** Where the directory begins, and where the entries of it do, in the order of their files. */
  #places(): { readonly places: readonly number[]; readonly start: number } {
    const zip = this.#zip;
    const end = zip.length - END_LENGTH;
    if (end < 0 || zip.readUInt32LE(end) !== END) throw refusal('it is torn, or something follows its directory');
    const count = zip.readUInt16LE(end + 10);
    const start = zip.readUInt32LE(end + 16);
    if (zip.readUInt32LE(end + 4) !== 0 || zip.readUInt16LE(end + 8) !== count || zip.readUInt16LE(end + 20) !== 0)
      throw refusal('it has several parts, or a comment');
    const places: number[] = [];
    let at = start;
    for (let left = count; left > 0; left -= 1) {
      places.push(at);
      at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    }
    if (at !== end || at !== start + zip.readUInt32LE(end + 12)) throw refusal('its directory has another length');
    const fileOf = (place: number): number => zip.readUInt32LE(place + 42);
    return { places: places.sort((a, b) => fileOf(a) - fileOf(b)), start };
  }

  /** @param at of its entry in the directory. @param file where it must begin */
  #member(at: number, file: number): Member & { readonly end: number } {
    const zip = this.#zip;
    const flags = zip.readUInt16LE(at + 8);
    const name = this.#name(at + 46, zip.readUInt16LE(at + 28), flags);
    if (zip.readUInt32LE(at) !== CENTRAL || zip.readUInt32LE(file) !== LOCAL || zip.readUInt32LE(at + 42) !== file)
      throw refusal(`${name} does not begin where the file before it ends`);
    if (zip.readUInt16LE(at + 34) !== 0) throw refusal(`${name} lies in another part`);
    if ((flags & ~KNOWN_FLAGS) !== 0) throw refusal(`${name} is encrypted, or packed in a way that few readers know`);
    const nameLength = zip.readUInt16LE(file + 26);
    const crcAndSizes = zip.subarray(at + 16, at + 16 + SUMS_LENGTH);
    const before = zip.subarray(file + 14, file + 14 + SUMS_LENGTH);
    const isLater = (flags & HAS_DESCRIPTOR) !== 0;
    // Version, flags, method and time are the same in both; CRC and sizes may follow the file instead of standing before it.
    const isSame = zip.subarray(at + 6, at + 16).equals(zip.subarray(file + 4, file + 14));
    const isSum = before.equals(crcAndSizes) || (isLater && before.every((byte) => byte === 0));
    if (!isSame || !isSum || this.#name(file + 30, nameLength, flags) !== name)
      throw refusal(`${name} is described in one way before the file and in another in the directory`);
    const [crc, length, size] = [16, 20, 24].map((field) => zip.readUInt32LE(at + field)) as [number, number, number];
    const begin = file + 30 + nameLength + zip.readUInt16LE(file + 28);
    const packed = zip.subarray(begin, begin + length);
    const end = isLater ? this.#descriptor(begin + length, crcAndSizes, name) : begin + length;
    return { name, crc, method: zip.readUInt16LE(at + 10), packed, size, end };
  }

  /** @returns where it ends */
  #descriptor(at: number, crcAndSizes: Buffer, name: string): number {
    const start = this.#zip.readUInt32LE(at) === DESCRIPTOR ? at + 4 : at;
    const end = start + SUMS_LENGTH;
    if (this.#zip.subarray(start, end).equals(crcAndSizes)) return end;
    throw refusal(`${name} is described in one way behind the file and in another in the directory`);
  }

  #name(at: number, length: number, flags: number): string {
    if (at + length > this.#zip.length) throw new RangeError('torn');
    return this.#zip.toString((flags & IS_UTF8) === 0 ? 'latin1' : 'utf8', at, at + length);
  }
}

function refusal(detail: string): TamperError {
  return new TamperError({
    reason: 'zip',
    detail: `of the zip file, ${detail}; what another program packed, unpack and verify as a folder`,
  });
}
