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
/** ceil(log₂ 256): no path is longer, and no tree has more than 255 inner nodes. */
export const MAX_HEIGHT = 8;
export const MAX_INNER: number = MAX_SAMPLE - 1;

export interface Trees {
  readonly count: number;
  readonly boxes: boolean;
  /** 4-byte words of a node: 4 with boxes, 2 without. */
  readonly stride: number;
  /** Nodes as float32 and, the same bytes, as 32-bit words. */
  readonly reals: Float32Array;
  readonly words: Uint32Array;
  /** Mass − 1 of each leaf, `MAX_SAMPLE` per tree. */
  readonly leaves: Uint8Array;
  /** Inner nodes of each tree. */
  readonly inner: Uint16Array;
  /** Rows that each tree was built on; 0 = not built yet. */
  readonly mass: Uint16Array;
}

export function nodeStride(boxes: boolean): number {
  return boxes ? 4 : 2;
}

/** Bytes of `count` trees. */
export function treeBytes(count: number, boxes: boolean): number {
  return count * (MAX_INNER * nodeStride(boxes) * 4 + MAX_SAMPLE + 4);
}

/** Views on `buffer` from `offset` (a multiple of 4), `treeBytes` long. */
export function treesIn(buffer: ArrayBuffer, offset: number, count: number, boxes: boolean): Trees {
  const stride = nodeStride(boxes);
  const words = count * MAX_INNER * stride;
  const counts = offset + words * 4;
  return {
    count,
    boxes,
    stride,
    reals: new Float32Array(buffer, offset, words),
    words: new Uint32Array(buffer, offset, words),
    inner: new Uint16Array(buffer, counts, count),
    mass: new Uint16Array(buffer, counts + count * 2, count),
    leaves: new Uint8Array(buffer, counts + count * 4, count * MAX_SAMPLE),
  };
}
