#!/bin/bash
# Succeeds if this container's service is alive; with the argument `ready`, if all that it depends on answers, too.
# In bash, as it runs every few seconds in every container: Node takes far longer to start.
set -eu
services=$(dirname "$0")/services
service=frontend # as which everything in one process answers
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
