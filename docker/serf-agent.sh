#!/bin/sh
# Keeps a Serf agent running. It joins the agents at the addresses in SERF_JOIN, as soon as they are there; the
# gossip is encrypted under the key in SERF_CONFIG_FILE.
set -eu
joins=
for address in $SERF_JOIN; do joins="$joins -retry-join=$address"; done
while :; do
  # A name for each start: the others hold on for a day to the old name's address, which may be another one now.
  # shellcheck disable=SC2086 # several options
  serf agent -node="$(hostname)-$(date +%s)" -config-file="$SERF_CONFIG_FILE" -rpc-addr=127.0.0.1:7373 \
    -log-level=warn -retry-interval=2s $joins || echo "the Serf agent ended" >&2
  sleep 1
done
