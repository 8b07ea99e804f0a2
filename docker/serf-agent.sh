#!/bin/sh
# Keeps a Serf agent running. The agent joins the agents at the addresses in SERF_JOIN as soon as they respond; the
# gossip is encrypted with the key in SERF_CONFIG_FILE.
set -eu
joins=
for address in $SERF_JOIN; do joins="$joins -retry-join=$address"; done
while :; do
  # A new name for each start: other agents keep the address of the old name for a day, and it may have changed.
  # shellcheck disable=SC2086 # $joins has several options
  serf agent -node="$(hostname)-$(date +%s)" -config-file="$SERF_CONFIG_FILE" -rpc-addr=127.0.0.1:7373 \
    -log-level=warn -retry-interval=2s $joins || echo "the Serf agent ended" >&2
  sleep 1
done
