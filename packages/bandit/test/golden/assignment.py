"""Buckets and arms of units. `python3 assignment.py > assignment.json` writes the vectors, `python3 assignment.py check assignment.json` checks a file."""
import hashlib, json, sys

def bucket(salt, unit):
    word = int.from_bytes(hashlib.sha256((salt + "|" + unit).encode("utf-8")).digest()[:4], "big")
    return word * 1_000_000 // 2**32

def arm(ranges, b):
    return next(name for name, start, end in ranges if start <= b < end)

RANGES = [["champion", 0, 612_345], ["challenger-b", 612_345, 700_001], ["challenger-a", 700_001, 1_000_000]]
UNITS = ["1", "42", "user-7", "a|b", "0" * 300, "Zoë", "Zoe\u0308", "用户", "🙂", " ", "\n", "\u0000"] + [f"account-{n}" for n in range(200)]

if sys.argv[1:2] == ["check"]:
    golden = json.load(open(sys.argv[2], encoding="utf-8"))
    for salt, unit, b, a in golden["cases"]:
        assert (bucket(salt, unit), arm(golden["ranges"], b)) == (b, a), (salt, unit, b, a)
    print(len(golden["cases"]))
else:
    cases = [[salt, unit, bucket(salt, unit), arm(RANGES, bucket(salt, unit))] for salt in ("t1", "test-2026", "été") for unit in UNITS]
    json.dump({"meta": {"generator": "assignment.py", "python": sys.version.split()[0]}, "ranges": RANGES, "cases": cases}, sys.stdout, indent=0)
