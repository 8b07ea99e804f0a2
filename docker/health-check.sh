#!/bin/bash
# Succeeds if the service of this container is alive; with the argument `ready`, if its dependencies answer, too.
# This is bash, because it runs every few seconds in every container, and Node takes much longer to start.
set -eu
services=$(dirname "$0")/services
service=frontend # also for all services in one process
for word in $(tr '\0' ' ' </proc/1/cmdline); do
  ! grep -q "^$word " "$services" || service=$word
done
read -r _ port alive ready < <(grep "^$service " "$services")
path=$alive
[ "${1:-}" != ready ] || path=$ready
exec 3<>"/dev/tcp/127.0.0.1/${PORT:-$port}"
printf 'GET %s HTTP/1.0\r\nhost: localhost\r\n\r\n' "$path" >&3
read -r -t 10 _ status _ <&3
cat <&3
[ "$status" = 200 ]
