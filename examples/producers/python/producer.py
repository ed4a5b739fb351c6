"""Sends predictions to Weir from Python, as an inference service would, and their outcomes, as the system that learns them would.

    pip install -r requirements.txt
    python producer.py --brokers 127.0.0.1:9092 --model demo --count 1000 --outcomes

Three things make a record one that Weir reads:

1. Its value is Avro behind Confluent's framing: byte 0, the schema id as 4 bytes big-endian, the body. Schemas and ids are files of
   packages/events/schemas; where a schema registry is in use, its serialiser does the same with the registry's ids.
2. Its key is the model id, so that the predictions of a model keep their order.
3. Its partition is the one that Kafka's Java client would choose for that key: partitioner "murmur2_random". The default of librdkafka
   is another one, and Weir's services set aside records that lie in a partition where their key does not belong.

Register the model first (weir register), or its predictions are dead-lettered with UNKNOWN_MODEL:

    npm run --silent weir -- register --model demo --version 1 --feature-set demo/1 \\
        --features amount:numeric,country:categorical --outputs score
"""
import argparse
import io
import json
import random
import struct
import time
import uuid
from pathlib import Path

from confluent_kafka import Producer
from fastavro import parse_schema, schemaless_writer

SCHEMAS = Path(__file__).resolve().parents[3] / "packages" / "events" / "schemas"


class EventWriter:
    """Frames events of one schema as Confluent's serialisers do."""

    def __init__(self, schemas: Path, name: str) -> None:
        self._schema = parse_schema(json.loads((schemas / f"{name}.avsc").read_text()))
        self._id = json.loads((schemas / "ids.lock.json").read_text())[name]

    def write(self, event: dict) -> bytes:
        out = io.BytesIO()
        out.write(struct.pack(">bI", 0, self._id))
        schemaless_writer(out, self._schema, event)
        return out.getvalue()


def prediction_of(model: str, amount: float, country: str | None, score: float) -> dict:
    return {
        "model": model,
        "version": "1",
        "featureSet": f"{model}/1",
        "eventTimeMs": int(time.time() * 1000),
        # In the order of the registered features of each type; a missing number is NaN, a missing category None.
        "numeric": [amount],
        "categorical": [country],
        "outputs": [score],
        "id": str(uuid.uuid4()),
        "unit": None,
        "segment": {},
        "routing": None,
        "latencyMs": None,
    }


def outcome_of(prediction: dict) -> dict:
    return {
        "model": prediction["model"],
        "predictionId": prediction["id"],
        "eventTimeMs": int(time.time() * 1000),
        # The truth that the output predicts: here 1 as often as the score says.
        "label": float(random.random() < prediction["outputs"][0]),
        "reward": None,
        "revision": 0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="127.0.0.1:9092")
    parser.add_argument("--prefix", default="weir.", help="in front of every topic")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--outcomes", action="store_true", help="send an outcome for each prediction too")
    options = parser.parse_args()

    failed: list[str] = []
    producer = Producer(
        {
            "bootstrap.servers": options.brokers,
            "partitioner": "murmur2_random",
            # Each record once and in order, whatever is sent again after an error.
            "enable.idempotence": True,
            "linger.ms": 5,
        }
    )
    predictions, outcomes = EventWriter(SCHEMAS, "PredictionLogged"), EventWriter(SCHEMAS, "OutcomeObserved")

    def send(topic: str, value: bytes) -> None:
        producer.produce(
            f"{options.prefix}{topic}",
            key=options.model.encode(),
            value=value,
            on_delivery=lambda error, _: failed.append(str(error)) if error else None,
        )
        producer.poll(0)

    for _ in range(options.count):
        amount = random.lognormvariate(3, 1)
        prediction = prediction_of(options.model, amount, random.choice(["CH", "DE", None]), 1 / (1 + amount))
        send("predictions", predictions.write(prediction))
        if options.outcomes:
            send("outcomes", outcomes.write(outcome_of(prediction)))
    left = producer.flush(30)
    if left or failed:
        raise SystemExit(f"{left + len(failed)} records were not delivered: {(failed or ['no answer'])[0]}")
    print(f"{options.count} predictions of {options.model} sent to {options.prefix}predictions")
    if options.outcomes:
        print(f"{options.count} outcomes of {options.model} sent to {options.prefix}outcomes")


if __name__ == "__main__":
    main()
