"""Entries: their form, their signatures, and the chain of each model."""
import json, re  # noqa: E401
from note import Refused, need, sha, unbase64, verifies, vkey

KINDS = """version-registered policy-set epoch-claim test-opened weights-set guardrail-fired eligible approval promoted rolled-back
retired frozen killed break-glass reset key-rotated drill""".split()
is_text = lambda value: isinstance(value, str)
is_int = lambda value: type(value) is int
is_count = lambda value: is_int(value) and value >= 0
is_hex = lambda value: is_text(value) and re.fullmatch("[0-9a-f]{64}", value)
is_name = lambda value: is_text(value) and 1 <= len(value) <= 255 and not re.search(r"[\x00-\x1f\x7f-\x9f]", value)
is_sig = lambda value: is_text(value) and len(value) == 88
is_map = lambda check: lambda value: isinstance(value, dict) and all(map(check, value.values()))
CURSOR = {"id": is_text, "maturity": is_int, "n": is_count}
DECISION = {
    "action": is_name, "cursor": CURSOR, "policyHash": is_hex, "stateHash": is_hex,
    "reasons": lambda value: isinstance(value, list) and all(map(is_text, value)),
    "from?": is_name, "to?": is_name, "testId?": is_name,
    "evidence?": is_map(lambda value: is_int(value) or is_text(value)),
    "weights?": is_map(lambda value: is_count(value) and value <= 10**6),
}  # fmt: skip
ENTRY = {
    "v": lambda value: is_int(value) and value == 1, "model": is_name, "keyId": is_name, "kind": lambda value: value in KINDS,
    "seq": lambda value: is_count(value) and value > 0, "prev": is_hex, "owner": is_count, "epoch": is_count, "no": is_count,
    "time": is_int, "decision": DECISION, "decisionId": is_hex, "sig": is_sig,
    "actor": lambda value: fits(value, {"service": is_name}) or fits(value, {"principal": is_name, "role": is_name}),
    "inputs": {"journal": {"partition": is_count, "seq": is_count}},
    "approval?": {"keyId": is_name, "of": is_hex, "sig": is_sig},
    "refs?": {f"{name}?": is_text for name in ("digest", "modelCard", "openlineage", "slsa", "traceparent")},
}  # fmt: skip


def fits(value, form):
    """An object with the members of the form, and no other."""
    if callable(form):
        return form(value)
    needed = {name for name in form if not name.endswith("?")}
    known = {name.rstrip("?"): check for name, check in form.items()}
    is_whole = isinstance(value, dict) and needed <= set(value) <= set(known)
    return is_whole and all(fits(member, known[name]) for name, member in value.items())


def jcs(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_values(value, depth=0):
    if isinstance(value, (dict, list)):
        need(depth < 32 and (isinstance(value, list) or all(map(str.isascii, value))), "malformed")
        for member in value.values() if isinstance(value, dict) else value:
            check_values(member, depth + 1)
    elif not isinstance(value, (bool, str)) and value is not None:
        need(is_int(value) and abs(value) < 1 << 53, "malformed")


def parse(raw):
    def once(items):
        need(len(dict(items)) == len(items), "malformed")
        return dict(items)

    try:
        entry = json.loads(raw.decode(), object_pairs_hook=once)
        check_values(entry)
        need(jcs(entry) == raw, "malformed")
    except (ValueError, RecursionError):
        raise Refused("malformed") from None
    need(fits(entry, ENTRY), "malformed")
    decision = entry["decision"]
    parts = {name: decision[name] for name in ("action", "cursor", "policyHash", "stateHash")}
    need(sha(jcs({"model": entry["model"], "no": entry["no"], **parts})).hex() == entry["decisionId"], "malformed")
    return entry


class Chains:
    def __init__(self, trust, origin):
        self.keys, self.origin, self.heads = [list(key) for key in trust.keys], origin, {}

    def take(self, index, raw):
        """The leaf hash of the entry at this index."""
        need(len(raw) <= 65_535, "malformed")
        entry = parse(raw)
        key = self.key("entry-key", entry["keyId"], index, "key")
        body = jcs({name: value for name, value in entry.items() if name != "sig"})
        signature = unbase64(entry["sig"], "signature")
        need(verifies(1, key, b"weir/entry/v1\n" + body, signature), "signature")
        approval, is_rotation = entry.get("approval"), entry["kind"] == "key-rotated"
        if approval and not is_rotation:
            self.check_approval(approval, self.key("approver-key", approval["keyId"], index, "approval"), "approval")
        leaf = sha(b"\0" + raw)
        self.follow(entry, leaf)
        if is_rotation:
            self.rotate(index, entry)
        return leaf

    def key(self, role, key_id, index, reason):
        found = [key for own, name, key, first, last in self.keys if (own, name) == (role, key_id) and first <= index <= last]
        need(found, reason)
        return found[0]

    @staticmethod
    def check_approval(approval, key, reason):
        message = b"weir/approval/v1\n" + approval["of"].encode()
        need(verifies(1, key, message, unbase64(approval["sig"], reason)), reason)

    def follow(self, entry, leaf):
        model = entry["model"]
        genesis = sha(f"weir/genesis/v1\n{self.origin}\n{model}".encode()).hex()
        seq, prev, owner, epoch = self.heads.get(model, (0, genesis, 0, 0))
        need(entry["seq"] > seq, "stale" if entry["owner"] < owner else "fork")
        need(entry["owner"] >= owner, "stale")
        need(entry["seq"] == seq + 1, "gap")
        need(entry["prev"] == prev, "broken")
        need(entry["owner"] == owner + (entry["kind"] == "epoch-claim"), "unclaimed")
        need(entry["epoch"] >= epoch, "epoch")
        self.heads[model] = (entry["seq"], leaf.hex(), entry["owner"], entry["epoch"])

    def rotate(self, index, entry):
        decision, approval = entry["decision"], entry.get("approval")
        text = decision.get("evidence", {}).get("key")
        need(entry["model"] == "_system" and is_text(text) and approval, "rotation")
        try:
            key_id, _, _, key = vkey(text, (1,))
        except Refused:
            raise Refused("rotation") from None
        need(decision.get("from") == entry["keyId"] != key_id == decision.get("to") == approval["keyId"], "rotation")
        need(sha(text.encode()).hex() == decision["stateHash"] and approval["of"] == entry["decisionId"], "rotation")
        self.check_approval(approval, key, "rotation")
        known = [each for each in self.keys if each[1] == key_id]
        need(all(each[0] == "entry-key" and each[2] == key for each in known), "rotation")
        for each in self.keys:
            if each[1] == entry["keyId"] and each[3] <= index <= each[4]:
                each[4] = index
        if not known:
            self.keys.append(["entry-key", key_id, key, index + 1, 1 << 60])
