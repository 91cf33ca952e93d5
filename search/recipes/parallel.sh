#!/usr/bin/env bash
# A search with GNU parallel: one process for each processor trains the children of a batch.
#
#   autoaugment search proxy DATA --out proxy.json
#   autoaugment search start --proxy proxy.json --journal search.journal
#   search/recipes/parallel.sh search.journal proxy.json [OPTIONS OF PARALLEL]
#   autoaugment search policy --journal search.journal --out policy.json
#
# Stopped at any moment, the same command goes on. With `--sshlogin :,other` other machines take part; they need the
# program and the proxy's two files under the same paths.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 JOURNAL PROXY [OPTIONS OF PARALLEL]" >&2; exit 2; }
journal=$1 proxy=$2
shift 2

before=
while true; do
  # Jobs of a run that was stopped come first.
  jobs=$(autoaugment search propose --journal "$journal" --pending)
  [ -n "$jobs" ] || jobs=$(autoaugment search propose --journal "$journal" --count 1000000)
  [ -n "$jobs" ] || exit 0
  [ "$jobs" != "$before" ] || { echo "no job of the last batch has an outcome" >&2; exit 1; }
  before=$jobs
  # Each process keeps the proxy open, and takes the next job when it has done one. A child that failed is an outcome.
  parallel "$@" --pipe -N 1 --round-robin --line-buffer autoaugment search evaluate --proxy "$proxy" <<<"$jobs" |
    autoaugment search learn --journal "$journal" || true
done
