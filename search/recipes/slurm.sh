#!/usr/bin/env bash
# A search on a Slurm cluster: an array of tasks trains the children of a batch.
#
#   autoaugment search proxy DATA --out proxy.json
#   autoaugment search start --proxy proxy.json --journal search.journal --batch 150
#   search/recipes/slurm.sh search.journal proxy.json 50 [OPTIONS OF SBATCH]
#   autoaugment search policy --journal search.journal --out policy.json
#
# Here 50 tasks train 3 children each. The files must be on a disk that all nodes have. Outcomes are appended to files
# beside the journal, so that a task that is started again trains only what it had not. Stopped at any moment, the same
# command goes on.
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: $0 JOURNAL PROXY TASKS [OPTIONS OF SBATCH]" >&2; exit 2; }
journal=$1 proxy=$2 tasks=$3
shift 3

before=
while true; do
  # Jobs of a run that was stopped come first.
  jobs=$(autoaugment search propose --journal "$journal" --pending)
  [ -n "$jobs" ] || jobs=$(autoaugment search propose --journal "$journal" --count 1000000)
  [ -n "$jobs" ] || exit 0
  [ "$jobs" != "$before" ] || { echo "no job of the last batch has an outcome" >&2; exit 1; }
  before=$jobs
  printf '%s\n' "$jobs" >"$journal.jobs"
  # A task that fails is no end: its jobs are given out again.
  # shellcheck disable=SC2016 # The task's number is the task's own.
  sbatch --wait --array="0-$((tasks - 1))" "$@" --wrap "autoaugment search evaluate --proxy '$proxy' \
    --jobs '$journal.jobs' --part \$SLURM_ARRAY_TASK_ID/$tasks --out '$journal.outcomes'.\$SLURM_ARRAY_TASK_ID" || true
  cat "$journal.outcomes".* | autoaugment search learn --journal "$journal"
done
