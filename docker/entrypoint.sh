#!/bin/sh
# Runs the service with the given name, or the command line (`darkroom`). Any other command is run unchanged.
set -eu
name=${1:?"the name of a service is missing"}
main=/darkroom/apps/$name/src/main.ts
[ -f "$main" ] || exec "$@"
shift
case $name in
  # This allocator returns freed memory of images to the system.
  image-worker) export LD_PRELOAD=libjemalloc.so.2 ;;
  # The agent runs in the same container, because its RPC is not encrypted and must stay on loopback.
  cluster-state) [ -z "${SERF_JOIN:-}" ] || docker/serf-agent.sh & ;;
esac
exec node "$main" "$@"
