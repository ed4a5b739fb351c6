/** The primitives that a caller brings: this package hashes and verifies, and knows no runtime. */

/** Digest of 32 bytes, in an array that the function does not use again. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** @param key the raw public key: 32 bytes for Ed25519, 1,312 for ML-DSA-44. False on any malformed input, never an exception. */
export type VerifySignature = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** @returns the raw signature: 64 bytes for Ed25519, 2,420 for ML-DSA-44 */
export type SignMessage = (message: Uint8Array) => Uint8Array;

export interface Verifiers {
  /** RFC 8032. */
  readonly ed25519: VerifySignature;
  /** FIPS 204, pure, empty context. Absent where the runtime has none. */
  readonly mlDsa44?: VerifySignature;
}
