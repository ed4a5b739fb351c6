"""Reads records of the topic `quarantine` as a pipeline in Python would: one line of hex in, one line of JSON out.

    python read_quarantine.py < records.hex

Needs fastavro and the schemas that Weir publishes; each value names its schema by the id in its Confluent framing.
"""
import io
import json
import sys
from pathlib import Path

from fastavro import parse_schema, schemaless_reader

PUBLISHED = Path(__file__).resolve().parents[3] / "packages" / "events" / "schemas" / "published"


def decode(framed: bytes) -> dict:
    assert framed[0] == 0, "not Confluent framing"
    schema_id = int.from_bytes(framed[1:5], "big")
    body = io.BytesIO(framed[5:])
    event = schemaless_reader(body, parse_schema(json.loads((PUBLISHED / f"{schema_id}.avsc").read_text())))
    assert body.read() == b"", "bytes follow the body"
    return event


for line in sys.stdin:
    quarantined = decode(bytes.fromhex(line))
    original = decode(quarantined["value"])
    print(
        json.dumps(
            {
                "place": [quarantined["topic"], quarantined["partition"], quarantined["offset"]],
                "reasons": [f"{each['rule']} {each['field']} {each['observed']}" for each in quarantined["violations"]],
                "pValue": None if quarantined["anomaly"] is None else quarantined["anomaly"]["pValue"],
                "id": original["id"],
                # JSON has no NaN.
                "numeric": [repr(value) for value in original["numeric"]],
            }
        )
    )
