#!/usr/bin/env bash
# slurm.sh PARTS[%AT_ONCE] [options of sbatch] -- PROGRAM [flags]
#
# submits a run of PROGRAM, a study that knows -sweep, as a job array of so many parts, at most AT_ONCE of them running,
# and a job that merges them when all have ended well:
#
#	examples/cluster/slurm.sh 24 --cpus-per-task=4 --time=4:00:00 -- ./veit -preset paper -out /shared/report
#
# The program and the folder have to be where all nodes find them. A part whose node is lost is queued again. To make up
# parts that failed, give the same command again: what is done stays done, and a part with nothing left ends at once.
set -euo pipefail

usage() {
  echo "usage: $0 PARTS[%AT_ONCE] [options of sbatch] -- PROGRAM [flags]" >&2
  exit 2
}
[[ ${1-} =~ ^[1-9][0-9]*(%[1-9][0-9]*)?$ ]] || usage
parts=${1%%%*}
array=0-$((parts - 1))${1#"$parts"}
shift
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  options+=("$1")
  shift
done
[ $# -ge 2 ] || usage
shift
program=$(printf '%q ' "$@")

# A task numbers itself by the array, and RESIDUUM_SHARDS says of how many, also when some are submitted again. Slurm does
# not bind tasks to cores everywhere, so workers are as many as the task was given.
export RESIDUUM_SHARDS=$parts
submit() {
  sbatch --parsable --requeue --open-mode=append "${options[@]}" "${@:2}" \
    --wrap "export GOMAXPROCS=\${SLURM_CPUS_PER_TASK:-}; exec $program -sweep $1" | cut -d ';' -f 1
}
sweep=$(submit part --job-name=sweep --array="$array")
merge=$(submit merge --job-name=merge --dependency="afterok:$sweep" --kill-on-invalid-dep=yes) || { scancel "$sweep"; exit 1; }
echo "array $sweep of $parts parts, and job $merge, which merges them when all have ended well"
echo "to merge what is there at any time, or see what is missing: $program-sweep merge"
