"""Golden values for the governance log: python3 log.py > log.json (versions are in the output).

Entries by json.dumps and Ed25519 of `cryptography`, the tree by its recursive definition, checkpoints with Ed25519 and ML-DSA-44 (whose
signing is randomised, so a new run gives other ML-DSA lines), tiles and proofs cut from the definition.
"""

import base64
import hashlib
import json
import platform
import struct

import cryptography
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "golden.example/governance/0"
TIME = 1_770_000_000


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def jcs(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def mth(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha(b"")
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha(b"\x01" + mth(hashes[:k]) + mth(hashes[k:]))


def path(m, hashes):
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return path(m, hashes[:k]) + [mth(hashes[k:])] if m < k else path(m - k, hashes[k:]) + [mth(hashes[:k])]


class Key:
    def __init__(self, name, kind, seed):
        self.kind, self.name = kind, name
        make = mldsa.MLDSA44PrivateKey.from_seed_bytes if kind == 6 else ed25519.Ed25519PrivateKey.from_private_bytes
        self.private = make(bytes([seed]) * 32)
        material = bytes([kind]) + self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = sha(name.encode() + b"\n" + material)[:4]
        self.key_id = f"{name}+{self.id.hex()}"
        self.vkey = f"{self.key_id}+{b64(material)}"


OLD, NEW = Key("golden.example/promotion", 1, 1), Key("golden.example/promotion", 1, 2)
LOG, LOG_PQ, WITNESS = Key(ORIGIN, 1, 3), Key(ORIGIN, 6, 4), Key("witness.golden.example", 4, 5)


class Author:
    def __init__(self):
        self.key, self.heads, self.entries = OLD, {}, []

    def write(self, model, kind, text, rotate_to=None):
        genesis = sha(f"weir/genesis/v1\n{ORIGIN}\n{model}".encode()).hex()
        seq, prev, owner, epoch = self.heads.get(model, (0, genesis, 0, 0))
        seq, owner, epoch = seq + 1, owner + (kind == "epoch-claim"), epoch + (kind == "weights-set")
        decision = {
            "action": kind,
            "policyHash": sha(b"policy").hex(),
            "cursor": {"n": 1_000 * seq, "maturity": 3_600_000, "id": f"o-{seq}"},
            "stateHash": sha(f"{model} {seq}".encode()).hex(),
            "reasons": [text],
        }
        if kind == "weights-set":
            decision |= {"weights": {"v1": 900_000, "v2": 100_000}, "evidence": {"e": 21_500_000_000, "p": "0.0465"}}
        if rotate_to:
            decision |= {"from": self.key.key_id, "to": rotate_to.key_id, "evidence": {"key": rotate_to.vkey}}
            decision["stateHash"] = sha(rotate_to.vkey.encode()).hex()
        entry = {"v": 1, "model": model, "seq": seq, "prev": prev, "owner": owner, "epoch": epoch, "no": seq, "kind": kind}
        entry |= {"time": TIME * 1_000 + seq, "actor": {"service": "promotion"}, "decision": decision, "keyId": self.key.key_id}
        entry |= {"inputs": {"journal": {"partition": 2, "seq": 40 + seq}}, "refs": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}
        parts = {name: decision[name] for name in ("action", "policyHash", "cursor", "stateHash")}
        entry["decisionId"] = sha(jcs({"model": model, "no": entry["no"], **parts})).hex()
        if rotate_to:
            countersigned = rotate_to.private.sign(b"weir/approval/v1\n" + entry["decisionId"].encode())
            entry["approval"] = {"of": entry["decisionId"], "keyId": rotate_to.key_id, "sig": b64(countersigned)}
        entry["sig"] = b64(self.key.private.sign(b"weir/entry/v1\n" + jcs(entry)))
        raw = jcs(entry)
        self.heads[model] = (seq, sha(b"\x00" + raw).hex(), owner, epoch)
        self.entries.append(raw)
        self.key = rotate_to or self.key


def checkpoint(leaves):
    root = mth(leaves)
    body = f"{ORIGIN}\n{len(leaves)}\n{b64(root)}\n"
    time = struct.pack(">Q", TIME)
    u8 = lambda text: bytes([len(text)]) + text.encode()
    message = b"subtree/v1\n\0" + u8(ORIGIN) + time + u8(ORIGIN) + struct.pack(">QQ", 0, len(leaves)) + root
    signatures = [
        (LOG, LOG.private.sign(body.encode())),
        (LOG_PQ, time + LOG_PQ.private.sign(message)),
        (WITNESS, time + WITNESS.private.sign(f"cosignature/v1\ntime {TIME}\n{body}".encode())),
    ]
    return body + "\n" + "".join(f"— {key.name} {b64(key.id + signature)}\n" for key, signature in signatures)


def tiles(leaves):
    """Names and SHA-256 of all tiles of a tree: the n-th of level l holds MTH(D[(256n+i)·256^l : (256n+i+1)·256^l])."""
    listed, hashes, level = {}, leaves, 0
    while hashes:
        for start in range(0, len(hashes), 256):
            digits = str(start // 256)
            digits = digits.zfill(-(-len(digits) // 3) * 3)
            groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
            width = min(256, len(hashes) - start)
            name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:]) + (f".p/{width}" if width < 256 else "")
            listed[f"tile/{level}/{name}"] = sha(b"".join(hashes[start : start + width])).hex()
        hashes = [mth(hashes[at : at + 256]) for at in range(0, len(hashes) - len(hashes) % 256, 256)]
        level += 1
    return listed


author = Author()
author.write("fraud", "epoch-claim", "first owner")
author.write("fraud", "weights-set", "ten percent for v2, “tentatively” \U0001f680")
author.write("churn", "epoch-claim", "first owner")
author.write("_system", "key-rotated", "yearly", NEW)
author.write("fraud", "promoted", "e-value above 20\nand \"effect\" within \\ bounds \u0007")
author.write("churn", "killed", "drill")
author.write("fraud", "epoch-claim", "take-over")
leaves = [sha(b"\x00" + raw) for raw in author.entries]
note = checkpoint(leaves)
proofs = [
    "\n".join(["c2sp.org/tlog-proof@v1", f"extra {b64(raw)}", f"index {at}", *map(b64, path(at, leaves)), "", note])
    for at, raw in enumerate(author.entries)
]
numbered = [sha(b"\x00" + f"entry {at}".encode()) for at in range(70_000)]
print(
    json.dumps(
        {
            "versions": {"python": platform.python_version(), "cryptography": cryptography.__version__},
            "origin": ORIGIN,
            "trust": [f"log {LOG.vkey}", f"log {LOG_PQ.vkey}", f"witness W {WITNESS.vkey}", "quorum W", "require ed25519", "require ml-dsa-44", f"entry-key {OLD.vkey}"],
            "rotatedTo": f"entry-key {NEW.vkey} 4-",
            "entries": [raw.decode() for raw in author.entries],
            "checkpoint": note,
            "proofs": proofs,
            "trees": [
                {"size": size, "root": mth(numbered[:size]).hex(), "tiles": tiles(numbered[:size])}
                for size in (1, 2, 255, 256, 257, 600, 70_000)
            ],
        },
        indent=1,
        ensure_ascii=False,
    )
)
