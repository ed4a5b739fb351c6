#!/bin/bash
# Starts Kafka from KAFKA_* variables as the official image does: KAFKA_LOG_DIRS → log.dirs, __ → _, ___ → -.
set -euo pipefail
properties=/tmp/server.properties
echo 'log.dirs=/tmp/kafka-logs' >"$properties"
while IFS='=' read -r name value; do
  key=${name#KAFKA_}
  key=${key,,}
  key=${key//___/-}
  key=${key//__/$'\1'}
  key=${key//_/.}
  echo "${key//$'\1'/_}=$value" >>"$properties"
done < <(env | sed -n '/^KAFKA_HEAP_OPTS=/d;/^KAFKA_/p')
java -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format --ignore-formatted \
  -t "${CLUSTER_ID:-4L6g3nShT-eMCtK--X86sw}" -c "$properties" >/dev/null
# shellcheck disable=SC2086 # several options in one variable, as the official scripts have it
exec java ${KAFKA_HEAP_OPTS:--Xms256m -Xmx512m} -XX:+UseSerialGC -cp '/opt/kafka/libs/*:/opt/kafka/config' kafka.Kafka "$properties"
