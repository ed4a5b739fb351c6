/**
 * Memory of a forest of isolation trees. Inner nodes stand in preorder and leaves from left to right, in arrays of their own, so that
 * one number per node, the count of inner nodes in its left subtree, says where both children are:
 *
 *   node i with first leaf l over n inner nodes, `left` of them on the left
 *     left child    node i + 1,        first leaf l,            left         inner nodes; the leaf l when that is 0
 *     right child   node i + 1 + left, first leaf l + left + 1, n − 1 − left inner nodes; a leaf when that is 0
 *
 * A node is 16 bytes {split, low, high, word}, 8 bytes {split, word} without boxes; word = feature·2¹⁶ + left·2⁸ + left share of the
 * mass in 1/256. A leaf is one byte: its mass − 1. A row goes left when its value ≤ split.
 */
export const MAX_SAMPLE = 256;
/** ceil(log₂ 256): no path is longer. */
export const MAX_HEIGHT = 8;

export interface Trees {
  readonly count: number;
  readonly boxes: boolean;
  /** 4-byte words of a node: 4 with boxes, 2 without. */
  readonly stride: number;
  /** Nodes and leaves from the start of one tree to the start of the next. */
  readonly nodeSpan: number;
  readonly leafSpan: number;
  /** Nodes as float32 and, the same bytes, as 32-bit words. */
  readonly reals: Float32Array;
  readonly words: Uint32Array;
  /** Mass − 1 of each leaf. */
  readonly leaves: Uint8Array;
  /** Inner nodes of each tree. */
  readonly inner: Uint16Array;
  /** Rows that each tree was built on; 0 = not built yet. */
  readonly mass: Uint16Array;
}

interface Spans {
  readonly stride: number;
  readonly nodeSpan: number;
  readonly leafSpan: number;
}

const LINE_BYTES = 64;

/**
 * Room for the nodes of a tree on `sampleSize` rows. Each tree begins an odd number of cache lines after the one before: at a power of two
 * the roots of all trees would share a few sets of the cache and throw one another out.
 */
function spansOf(boxes: boolean, sampleSize: number): Spans {
  const stride = boxes ? 4 : 2;
  const perLine = LINE_BYTES / (stride * 4);
  const odd = (lines: number): number => Math.ceil(lines) | 1;
  return {
    stride,
    nodeSpan: odd((sampleSize - 1) / perLine) * perLine,
    leafSpan: odd(sampleSize / LINE_BYTES) * LINE_BYTES,
  };
}

/** Bytes of `count` trees. */
export function treeBytes(count: number, boxes: boolean, sampleSize: number): number {
  const { stride, nodeSpan, leafSpan } = spansOf(boxes, sampleSize);
  return count * (nodeSpan * stride * 4 + leafSpan + 4);
}

/** Views on `buffer` from `offset` (a multiple of 4), `treeBytes` long. */
export function treesIn(buffer: ArrayBuffer, offset: number, count: number, boxes: boolean, sampleSize: number): Trees {
  const spans = spansOf(boxes, sampleSize);
  const words = count * spans.nodeSpan * spans.stride;
  const counts = offset + words * 4;
  return {
    count,
    boxes,
    ...spans,
    reals: new Float32Array(buffer, offset, words),
    words: new Uint32Array(buffer, offset, words),
    inner: new Uint16Array(buffer, counts, count),
    mass: new Uint16Array(buffer, counts + count * 2, count),
    leaves: new Uint8Array(buffer, counts + count * 4, count * spans.leafSpan),
  };
}
