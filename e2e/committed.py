"""Every committed record of topics, read by librdkafka: a client that shares no code with Weir's.

    python committed.py BROKERS TOPIC...

Prints one JSON array a record, [topic, partition, offset, key, value, [[header, value], ...]], bytes in base64, null as null; partitions one
after another, in the order of their offsets. Ends with 1 when a partition cannot be read to its end.
"""
import json
import sys
from base64 import b64encode

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

TIMEOUT_S = 60


def text(data):
    return None if data is None else b64encode(data).decode()


def read(consumer, topic, partition):
    consumer.assign([TopicPartition(topic, partition, 0)])
    while True:
        message = consumer.poll(TIMEOUT_S)
        if message is None:
            sys.exit(f"{topic}[{partition}] gave nothing for {TIMEOUT_S} s: something before its end is never settled")
        if message.error() is not None:
            if message.error().code() == KafkaError._PARTITION_EOF:
                return
            raise KafkaException(message.error())
        headers = [[name, text(value)] for name, value in message.headers() or []]
        line = [topic, partition, message.offset(), text(message.key()), text(message.value()), headers]
        sys.stdout.write(json.dumps(line) + "\n")


def main(brokers, topics):
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "committed",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "check.crcs": True,
        }
    )
    known = consumer.list_topics(timeout=TIMEOUT_S).topics
    for topic in topics:
        if topic not in known:
            sys.exit(f"there is no topic {topic}")
        for partition in sorted(known[topic].partitions):
            read(consumer, topic, partition)
    consumer.close()


main(sys.argv[1], sys.argv[2:])
