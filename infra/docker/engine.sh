#!/usr/bin/env bash
# A Docker engine of our own for tests on a machine that has the package docker.io but no running engine: engine.sh start | stop (as root).
# Its data, socket and process id lie in WEIR_DOCKER (default /var/tmp/weir-docker), apart from any other engine; vfs needs no kernel module.
set -euo pipefail
home=${WEIR_DOCKER:-/var/tmp/weir-docker}
socket="$home/docker.sock"
case "${1:-}" in
  start)
    mkdir -p "$home"
    if ! docker -H "unix://$socket" version >/dev/null 2>&1; then
      setsid dockerd --storage-driver=vfs --data-root="$home/data" --exec-root="$home/exec" --pidfile="$home/pid" \
        --host="unix://$socket" >"$home/log" 2>&1 </dev/null &
      for _ in $(seq 60); do
        docker -H "unix://$socket" version >/dev/null 2>&1 && break
        sleep 0.5
      done
    fi
    docker -H "unix://$socket" version >/dev/null || { tail -5 "$home/log" >&2; echo "no Docker engine came up; its log is $home/log" >&2; exit 1; }
    echo "unix://$socket"
    ;;
  stop)
    if [ -f "$home/pid" ]; then
      pid=$(cat "$home/pid")
      kill "$pid" 2>/dev/null || true
      # Longer than the 15 s the engine gives containers that are still running.
      for _ in $(seq 120); do kill -0 "$pid" 2>/dev/null || break; sleep 0.25; done
      kill -KILL "$pid" 2>/dev/null || true
    fi
    # The engine mounts its data folder on itself; one that was killed, or is slow to end, leaves the mounts behind. Deepest first.
    awk -v home="$home/" 'index($2, home) == 1 { print $2 }' /proc/mounts | sort -r | while read -r at; do umount --lazy "$at" || true; done
    rm -rf "$home"
    ;;
  *) echo "usage: engine.sh start | stop" >&2; exit 2 ;;
esac
