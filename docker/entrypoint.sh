#!/bin/sh
# Runs a service by its name, or the command line as `darkroom`; what is neither runs as it is.
set -eu
name=${1:?"say which service"}
main=/darkroom/apps/$name/src/main.ts
[ -f "$main" ] || exec "$@"
shift
# Where images are worked on, memory that is free goes back to the system.
[ "$name" != image-worker ] || export LD_PRELOAD=libjemalloc.so.2
exec node "$main" "$@"
