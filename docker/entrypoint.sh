#!/bin/sh
# Runs a service by its name, or the command line as `darkroom`; what is neither runs as it is.
set -eu
name=${1:?"say which service"}
main=/darkroom/apps/$name/src/main.ts
[ -f "$main" ] || exec "$@"
shift
case $name in
  # Where images are worked on, memory that is free goes back to the system.
  image-worker) export LD_PRELOAD=libjemalloc.so.2 ;;
  # Beside it, in the same network: the agent's RPC is neither encrypted nor meant to leave the host.
  cluster-state) [ -z "${SERF_JOIN:-}" ] || docker/serf-agent.sh & ;;
esac
exec node "$main" "$@"
