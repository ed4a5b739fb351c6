#!/usr/bin/env bash
# Images for an engine that reaches no image registry, under the tags that Dockerfile, docker-compose.yml and testkit name. Each holds the
# programs of this machine and the libraries they are linked with, and honours the same commands and environment as the official image.
#   build.sh            needs a Docker engine, Java 17, redis-server, the Kafka jars' Maven, apt, and an installed workspace
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# base ROOT: a shell, the tools that build steps use, certificates, a user named node.
base() {
  local root=$1
  mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,usr/local/bin,etc/ssl/certs,tmp,root,home/node,proc,sys,dev,var/tmp}
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  echo 'root:x:0:0:root:/root:/bin/bash
node:x:1000:1000::/home/node:/bin/bash' >"$root/etc/passwd"
  echo 'root:x:0:
node:x:1000:' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  local tool
  for tool in bash cat chmod chown cp dirname basename env id ln ls mkdir mv readlink rm sed sleep tar tr uname; do
    program "$root" "$(command -v "$tool")"
  done
  ln -sf bash "$root/usr/bin/sh"
  # What prebuilt programs from package registries are linked with.
  local library
  for library in librt.so.1 libpthread.so.0 libdl.so.2 libm.so.6 libgcc_s.so.1 libstdc++.so.6; do
    cp -L "$(ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')" "$root/usr/lib/"
  done
  chown -R 1000:1000 "$root/home/node"
}

# program ROOT FILE…: the files and the libraries they need, at the paths they have here.
program() {
  local root=$1 file library
  shift
  for file in "$@"; do
    mkdir -p "$root$(dirname "$file")"
    cp -Lf "$file" "$root$file"
    { ldd "$file" 2>/dev/null || true; } | sed -nE 's/^[^/]*(\/[^ ]+) \(0x.*/\1/p' | while read -r library; do
      [ -e "$root$library" ] && continue
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done
  done
}

# image ROOT TAG CHANGE…
image() {
  local root=$1 tag=$2 change changes=()
  shift 2
  for change in "$@"; do changes+=(--change "$change"); done
  tar -C "$root" --numeric-owner -c . | docker import "${changes[@]}" - "$tag" >/dev/null
  echo "$tag"
  rm -rf "$root"
}

path='ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin'

root="$work/node"
base "$root"
cp -L node_modules/node/bin/node "$root/usr/local/bin/node"
program "$root" "$root/usr/local/bin/node"
rm -rf "${root:?}$work"
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$root/usr/local/lib/node_modules"
cp -rL "$npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
image "$root" node:24-bookworm-slim "$path" 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' 'CMD ["node"]'

root="$work/redis"
base "$root"
program "$root" "$(command -v redis-server)" "$(command -v redis-cli)"
image "$root" redis:8-bookworm "$path" 'EXPOSE 6379' 'CMD ["redis-server","--bind","0.0.0.0","--protected-mode","no"]'

root="$work/kafka"
base "$root"
java=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
mkdir -p "$root/opt/java" "$root/opt/kafka/config"
# Links to sources and documentation that Debian leaves out lead nowhere.
cp -rL "$java/." "$root/opt/java/" 2>/dev/null || [ -x "$root/opt/java/bin/java" ]
find "$root/opt/java" -type f \( -name '*.so' -o -path '*/bin/java' \) | while read -r file; do
  LD_LIBRARY_PATH="$java/lib:$java/lib/server" ldd "$file" 2>/dev/null || true
done | sed -nE 's/^[^/]*(\/[^ ]+) \(0x.*/\1/p' | sort -u | grep -v "^$java" | grep -v "^$root" | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp -r "$(node infra/kafka/src/main.ts --jars)" "$root/opt/kafka/libs"
cp infra/kafka/log4j2.xml "$root/opt/kafka/config/"
cp infra/images/kafka.sh "$root/opt/kafka/run.sh"
image "$root" apache/kafka:4.4.0 "$path:/opt/java/bin" 'ENV JAVA_HOME=/opt/java' 'EXPOSE 9092' 'CMD ["bash","/opt/kafka/run.sh"]'

root="$work/prometheus"
base "$root"
(mkdir "$work/deb" && cd "$work/deb" && apt-get -qq download prometheus >/dev/null && dpkg-deb -x prometheus_*.deb .)
cp "$work/deb/usr/bin/prometheus" "$root/usr/bin/prometheus"
program "$root" "$root/usr/bin/prometheus"
rm -rf "${root:?}$work"
mkdir -p "$root/prometheus"
image "$root" prom/prometheus:v3.5.0 "$path" 'EXPOSE 9090' 'ENTRYPOINT ["/bin/prometheus"]' \
  'CMD ["--config.file=/etc/prometheus/prometheus.yml","--storage.tsdb.path=/prometheus"]'
