"""Keys, trust files and signed checkpoints: C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-policy."""
import base64, hashlib, re, struct  # noqa: E401
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

KINDS = {1: "ed25519", 6: "ml-dsa-44"}
LENGTHS = {1: 32, 4: 32, 6: 1312}


class Refused(Exception):
    """Why a bundle is not sound."""


def need(holds, reason):
    if not holds:
        raise Refused(reason)


def sha(data):
    return hashlib.sha256(data).digest()


def unbase64(text, reason, length=None):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(reason) from None
    need(base64.b64encode(data).decode() == text and length in (None, len(data)), reason)
    return data


def verifies(kind, key, message, signature):
    public = mldsa.MLDSA44PublicKey if kind == 6 else ed25519.Ed25519PublicKey
    try:
        public.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def vkey(text, kinds):
    """`NAME+HASH+BASE64`: its id, type and raw key."""
    match = re.fullmatch(r"([^\s+\x00-\x1f\x7f-\x9f]+)\+([0-9a-f]{8})\+(\S+)", text)
    need(match, "vkey")
    material = unbase64(match[3], "vkey")
    need(material[0] in kinds and len(material) == LENGTHS[material[0]] + 1, "vkey")
    need(sha(match[1].encode() + b"\n" + material)[:4].hex() == match[2], "vkey")
    return f"{match[1]}+{match[2]}", match[1], material[0], material[1:]


def bounds(text="0-"):
    match = re.fullmatch(r"(0|[1-9]\d*)-(0|[1-9]\d*)?", text)
    need(match, "range")
    return int(match[1]), int(match[2]) if match[2] else 1 << 60


class Trust:
    def __init__(self, text):
        self.logs, self.witnesses, self.names, self.sizes = {}, {}, {}, {}
        self.keys, self.required, self.quorum = [], set(), None
        for line in text.split("\n"):
            word, *rest = line.split() or ["#"]
            if word == "log":
                key_id, *key = vkey(rest[0], (1, 6))
                self.logs[key_id] = key
            elif word == "log-sizes":
                self.sizes[rest[0]] = bounds(rest[1])
            elif word in ("entry-key", "approver-key"):
                key_id, _, _, key = vkey(rest[0], (1,))
                self.keys.append([word, key_id, key, *bounds(*rest[1:])])
            elif word == "require":
                self.required.add(rest[0])
            elif word == "witness":
                key_id, *key = vkey(rest[1], (4, 6))
                self.witnesses[key_id], self.names[rest[0]] = key, key_id
            elif word == "group":
                members = [self.names[name] for name in rest[2:]]
                self.names[rest[0]] = ({"any": 1, "all": len(members)}.get(rest[1]) or int(rest[1]), members)
            elif word == "quorum":
                self.quorum = None if rest[0] == "none" else self.names[rest[0]]
            else:
                need(word.startswith("#"), f"trust line {word}")
        self.required = self.required or {"ed25519"}


def has_quorum(rule, cosigned):
    if isinstance(rule, str):
        return rule in cosigned
    return sum(has_quorum(member, cosigned) for member in rule[1]) >= rule[0]


def message_of(kind, name, body, origin, size, root, signature):
    """What a signature of this type covers, and its bytes without the time."""
    if kind == 1:
        return body, signature
    time = signature[:8]
    if kind == 4:
        return b"cosignature/v1\ntime %d\n" % struct.unpack(">Q", time) + body, signature[8:]
    u8 = lambda text: bytes([len(text.encode())]) + text.encode()
    subtree = b"subtree/v1\n\0" + u8(name) + time + u8(origin) + struct.pack(">QQ", 0, size) + root
    return subtree, signature[8:]


def open_checkpoint(data, trust, decides):
    """Origin, size, root and the kinds of the log's signatures."""
    try:
        note = data.decode()
    except UnicodeDecodeError:
        raise Refused("note") from None
    need(len(data) <= 1_000_000 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", note), "note")
    text, blank, tail = note.rpartition("\n\n")
    lines = text.split("\n")
    need(blank and tail.endswith("\n") and len(lines) == 3 and lines[0], "note")
    origin, root = lines[0], unbase64(lines[2], "note", 32)
    need(re.fullmatch(r"0|[1-9]\d*", lines[1]) and int(lines[1]) < 1 << 53, "note")
    size, kinds, cosigned = int(lines[1]), set(), set()
    for line in tail[:-1].split("\n"):
        match = re.fullmatch(r"\u2014 ([^\s+]+) (\S+)", line)
        need(match, "note")
        raw = unbase64(match[2], "note")
        need(len(raw) >= 5, "note")
        key_id = f"{match[1]}+{raw[:4].hex()}"
        name, kind, key = trust.logs.get(key_id) or trust.witnesses.get(key_id) or (None, None, None)
        if kind is None:
            continue
        message, signature = message_of(kind, name, (text + "\n").encode(), origin, size, root, raw[4:])
        need(verifies(kind, key, message, signature), "checkpoint-signature")
        if key_id not in trust.logs:
            cosigned.add(key_id)
            continue
        first, last = trust.sizes.get(key_id, (0, size))
        need(name == origin and first <= size <= last, "checkpoint-key")
        kinds.add(KINDS[kind])
    need(kinds and (not decides or trust.required <= kinds), "checkpoint-kind")
    need(not decides or trust.quorum is None or has_quorum(trust.quorum, cosigned), "quorum")
    return origin, size, root, kinds
