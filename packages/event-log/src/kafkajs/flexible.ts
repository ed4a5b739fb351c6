/**
 * Fields of Kafka's flexible versions, which kafkajs cannot write or read: lengths and counts as unsigned varints plus one, and tagged
 * fields after every structure.
 *
 * Source: Kafka's protocol guide, "Protocol Primitive Types"; KIP-482.
 */

/** A request body; the tagged fields of the request header stand first, where kafkajs's own header ends. */
export class FlexibleWriter {
  readonly #parts: Buffer[] = [Buffer.from([0])];

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.#parts.push(bytes);
    return this;
  }

  string(value: string): this {
    const bytes = Buffer.from(value);
    this.#varint(bytes.length + 1);
    this.#parts.push(bytes);
    return this;
  }

  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.#varint(values.length + 1);
    for (const value of values) write(value);
    return this;
  }

  /** Ends a structure: Weir has no tagged fields to write. */
  end(): this {
    this.#parts.push(Buffer.from([0]));
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #varint(value: number): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    this.#parts.push(Buffer.from([...bytes, rest]));
  }
}

/** A response body; the tagged fields of the response header stand first. @throws {RangeError} where it ends too early. */
export class FlexibleReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.end();
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  /** Null reads as the empty string. */
  string(): string {
    const length = Math.max(0, this.#varint() - 1);
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  array<T>(read: () => T): T[] {
    const values: T[] = [];
    for (let count = this.#varint() - 1; count > 0; count -= 1) values.push(read());
    return values;
  }

  /** Passes over the tagged fields that end a structure. */
  end(): void {
    for (let count = this.#varint(); count > 0; count -= 1) {
      this.#varint(); // its number
      const size = this.#varint();
      this.#at += size;
    }
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }
}
