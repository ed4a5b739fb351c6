/** Digests of keys, and of all of them together: XOR, the same whatever the order of keys. */
import { createHash } from 'node:crypto';

export class StateDigests {
  readonly #of = new Map<string, Buffer>();
  readonly #sum = Buffer.alloc(32);

  /** Undefined: the key was forgotten. */
  set(key: string, digest: Buffer | undefined): void {
    const before = this.#of.get(key);
    if (before !== undefined) this.#add(before);
    if (digest === undefined) this.#of.delete(key);
    else {
      this.#of.set(key, digest);
      this.#add(digest);
    }
  }

  /** It is kept elsewhere from here on, and still counts. */
  hand(key: string): Buffer {
    const digest = this.#of.get(key) as Buffer;
    this.#of.delete(key);
    return digest;
  }

  /** One that was handed out. */
  take(key: string, digest: Buffer): void {
    this.#of.set(key, digest);
  }

  /** SHA-256 over clock, number of keys and their digests. */
  whole(clockMs: number, keys: number): Buffer {
    return createHash('sha256').update(`${clockMs} ${keys}`).update(this.#sum).digest();
  }

  #add(digest: Buffer): void {
    for (let at = 0; at < digest.length; at += 1) this.#sum[at] = (this.#sum[at] as number) ^ (digest[at] as number);
  }
}
