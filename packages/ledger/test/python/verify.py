"""A second verifier of governance logs, written from the formats alone: RFC 8785, 6962, 9162 section 2.1, C2SP. Needs `cryptography`.
verify.py proofs < LINES: `inclusion INDEX SIZE LEAF ROOT PATH` or `consistency OLD SIZE OLDROOT ROOT PATH`, the path joined by commas or
`-`; answers 1 or 0 per line. verify.py bundle FOLDER TRUST: `sound SIZE` or `tampered INDEX REASON`, every entry, chain and leaf tile."""
import base64, hashlib, json, pathlib, struct, sys  # noqa: E401
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

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

def holds(kind, key, message, signature):
    try:
        public = mldsa.MLDSA44PublicKey if kind == 6 else ed25519.Ed25519PublicKey
        public.from_public_bytes(key).verify(signature, message)
        return True
    except InvalidSignature:
        return False

def vkey(text):
    name, digest, encoded = text.split("+", 2)
    material = base64.b64decode(encoded, validate=True)
    assert sha(name.encode() + b"\n" + material)[:4].hex() == digest, "the hash of a verifier key"
    return f"{name}+{digest}", (name, material[0], material[1:])

def open_checkpoint(note, logs):
    text, lines = note.rsplit("\n\n", 1)
    origin, size, root = text.split("\n")
    verified = 0
    for line in lines.splitlines():
        _, name, encoded = line.split(" ")
        data = base64.b64decode(encoded, validate=True)
        _, kind, key = logs.get(f"{name}+{data[:4].hex()}", (None, None, None))
        if kind is None:
            continue
        message, signature = (text + "\n").encode(), data[4:]
        if kind == 6:
            u8 = lambda value: bytes([len(value.encode())]) + value.encode()
            message = b"subtree/v1\n\0" + u8(name) + signature[:8] + u8(origin) + struct.pack(">QQ", 0, int(size))
            message, signature = message + base64.b64decode(root), signature[8:]
        assert name == origin and holds(kind, key, message, signature), "checkpoint-signature"
        verified += 1
    assert verified, "checkpoint-kind"
    return origin, int(size), base64.b64decode(root, validate=True)

def check_entry(raw, index, origin, heads, keys):
    pairs = lambda items: dict(items) if len(dict(items)) == len(items) else sys.exit("duplicate key")
    entry = json.loads(raw, object_pairs_hook=pairs)
    jcs = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert jcs(entry) == raw, "malformed"
    d, model = entry["decision"], entry["model"]
    parts = {k: d[k] for k in ("action", "policyHash", "cursor", "stateHash")}
    decision_id = sha(jcs({"model": model, "no": entry["no"], **parts})).hex()
    assert decision_id == entry["decisionId"], "malformed"
    _, _, key, first, last = keys.get(entry["keyId"], (0, 0, 0, 1, 0))
    assert first <= index <= last, "key"
    body = {k: v for k, v in entry.items() if k != "sig"}
    assert holds(1, key, b"weir/entry/v1\n" + jcs(body), base64.b64decode(entry["sig"])), "signature"
    genesis = sha(f"weir/genesis/v1\n{origin}\n{model}".encode()).hex()
    seq, prev, owner, epoch = heads.get(model, (0, genesis, 0, 0))
    assert entry["owner"] >= owner, "stale"
    assert entry["seq"] == seq + 1, "gap" if entry["seq"] > seq else "fork"
    assert entry["prev"] == prev, "broken"
    assert entry["owner"] == owner + (entry["kind"] == "epoch-claim"), "unclaimed"
    assert entry["epoch"] >= epoch, "epoch"
    if entry["kind"] == "key-rotated":
        key_id, new = vkey(d["evidence"]["key"])
        approval, message = entry["approval"], f"weir/approval/v1\n{decision_id}".encode()
        assert key_id == d["to"] == approval["keyId"] and holds(1, new[2], message, base64.b64decode(approval["sig"])), "rotation"
        keys[entry["keyId"]] = keys[entry["keyId"]][:4] + (index,)
        keys[key_id] = new + (index + 1, 1 << 60)
    leaf = sha(b"\x00" + raw)
    heads[model] = (entry["seq"], leaf.hex(), entry["owner"], entry["epoch"])
    return leaf

def bundle(folder, trust):
    words = [line.split() for line in trust.splitlines() if line and not line.startswith("#")]
    logs = dict(vkey(w[1]) for w in words if w[0] == "log")
    keys = {k: v + (0, 1 << 60) for k, v in (vkey(w[1]) for w in words if w[0] == "entry-key")}
    origin, size, root = open_checkpoint((folder / "checkpoint").read_text(), logs)
    leaves, heads = [], {}
    try:
        for start in range(0, size, 256):
            width = min(256, size - start)
            name = f"{start // 256:03}" + (f".p/{width}" if width < 256 else "")
            data, tile = (folder / "tile/entries" / name).read_bytes(), (folder / "tile/0" / name).read_bytes()
            for place in range(width):
                length = struct.unpack_from(">H", data)[0]
                leaf = check_entry(data[2 : 2 + length], len(leaves), origin, heads, keys)
                assert tile[place * 32 : place * 32 + 32] == leaf, "tile"
                leaves.append(leaf)
                data = data[2 + length :]
        assert mth(leaves) == root, "root"
        print("sound", size)
    except (AssertionError, ValueError, KeyError, struct.error) as error:
        print("tampered", len(leaves), error)

if __name__ == "__main__" and sys.argv[1] == "bundle":
    bundle(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]).read_text())
elif __name__ == "__main__":
    for line in sys.stdin:
        what, a, b, x, y, path = line.split()
        hashes = [bytes.fromhex(h) for h in path.split(",")] if path != "-" else []
        check = verify_inclusion if what == "inclusion" else verify_consistency
        print(int(check(int(a), int(b), bytes.fromhex(x), bytes.fromhex(y), hashes)))
