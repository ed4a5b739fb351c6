"""A second verifier of governance logs, written from docs/governance-log-format.md, RFC 6962 and RFC 9162 alone. Needs `cryptography`.
verify.py proofs < LINES: `inclusion INDEX SIZE LEAF ROOT PATH` or `consistency OLD SIZE OLDROOT ROOT PATH`, the path joined by commas or
`-`; answers 1 or 0 per line. verify.py bundle FOLDER TRUST: `sound SIZE`, `unfinished SIZE REASON` or `tampered INDEX REASON`."""
import hashlib, pathlib, sys  # noqa: E401

sha = lambda data: hashlib.sha256(data).digest()
node = lambda left, right: sha(b"\x01" + left + right)
def verify_inclusion(index, size, leaf, root, path):
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root

def verify_consistency(old, size, old_root, root, path):
    if not 0 < old <= size:
        return False
    if old == size:
        return not path and old_root == root
    if old & (old - 1) == 0:
        path = [old_root] + path
    if not path:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root

def mth(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha(b"")
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return node(mth(hashes[:k]), mth(hashes[k:]))

if __name__ == "__main__" and sys.argv[1] == "bundle":
    import bundle

    print(bundle.verdict(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]).read_text()))
elif __name__ == "__main__":
    for line in sys.stdin:
        what, a, b, x, y, path = line.split()
        hashes = [bytes.fromhex(h) for h in path.split(",")] if path != "-" else []
        check = verify_inclusion if what == "inclusion" else verify_consistency
        print(int(check(int(a), int(b), bytes.fromhex(x), bytes.fromhex(y), hashes)))
