"""A witness of C2SP tlog-witness on its own: Python's standard library and `cryptography`, none of Weir's code.

    witness.py NAME ORIGIN LOG_VKEY

serves add-checkpoint of one log on a free port of 127.0.0.1 and prints {"port", "vkey"} as JSON. Its key and what it has seen live in memory.
"""

import base64
import hashlib
import http.server
import json
import struct
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NAME, ORIGIN, LOG_VKEY = sys.argv[1:]
KEY = Ed25519PrivateKey.generate()
RAW = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
KEY_ID = hashlib.sha256(NAME.encode() + b"\n\x04" + RAW).digest()[:4]
LOG_NAME, LOG_ID, LOG_KEY = LOG_VKEY.split("+", 2)
seen = {"size": 0, "root": hashlib.sha256(b"").digest()}


class Refused(Exception):
    def __init__(self, status, said, kind="text/plain"):
        super().__init__(said)
        self.status, self.said, self.kind = status, said, kind


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def consistent(m, n, old, new, proof):
    """RFC 9162, 2.1.4.2."""
    if m == 0 or m == n:
        return not proof and (m == 0 or old == new)
    if m & (m - 1) == 0:
        proof = [old] + proof
    if not proof:
        return False
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old and sr == new


def signed_by_log(text, lines):
    for line in lines:
        dash, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded, validate=True)
        if dash != "\u2014" or name != LOG_NAME or raw[:4].hex() != LOG_ID:
            continue
        key = base64.b64decode(LOG_KEY)
        assert key[0] == 1, "the log's key is not Ed25519"
        try:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], text.encode())
            return True
        except InvalidSignature:
            return False
    return False


def add_checkpoint(body):
    head, _, note = body.partition("\n\n")
    first, *hashes = head.split("\n")
    if not first.startswith("old ") or len(hashes) > 63:
        raise Refused(400, "a request begins with old SIZE and at most 63 hashes")
    old, proof = int(first[4:]), [base64.b64decode(each, validate=True) for each in hashes]
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    origin, size, root, *extensions = text[:-1].split("\n")
    if origin != ORIGIN:
        raise Refused(404, f"the log {origin} is not known here")
    if not signed_by_log(text, signatures[:-1].split("\n")):
        raise Refused(403, "no key of the log has signed")
    size, root = int(size), base64.b64decode(root, validate=True)
    if old > size:
        raise Refused(400, "old is larger than the checkpoint")
    if old != seen["size"] or (old == size and root != seen["root"]):
        raise Refused(409, f"{seen['size']}\n", "text/x.tlog.size")
    if not consistent(old, size, seen["root"], root, proof):
        raise Refused(422, "the proof does not hold")
    seen.update(size=size, root=root)
    now = int(time.time())
    signature = KEY.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
    line = base64.b64encode(KEY_ID + struct.pack(">Q", now) + signature).decode()
    return f"\u2014 {NAME} {line}\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        try:
            if self.path != "/w/add-checkpoint":
                raise Refused(404, "not a path of this witness")
            self.answer(200, add_checkpoint(body))
        except Refused as refused:
            self.answer(refused.status, refused.said, refused.kind)

    def answer(self, status, said, kind="text/plain"):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
vkey = f"{NAME}+{KEY_ID.hex()}+{base64.b64encode(bytes([4]) + RAW).decode()}"
print(json.dumps({"port": server.server_port, "vkey": vkey}), flush=True)
server.serve_forever()
