#!/usr/bin/env bash
# One part of a run on each node of a Slurm array, then all parts together:
#
#     job=$(sbatch --parsable --array=1-8 slurm.sh /data/studies /data/reports)
#     sbatch --dependency=afterany:$job --wrap "reportgen merge /data/reports"
#
# A task that was killed is run again with the same line; what is done is skipped. merge says what is missing.
#SBATCH --job-name=reportgen
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH --time=12:00:00
#SBATCH --requeue
# Slurm asks first and kills a minute later: reportgen ends in good order.
#SBATCH --signal=TERM@60
set -euo pipefail
inputs="$1" out="$2"

# Passages are kept on the node's own disk: SQLite must not be shared over a network drive.
export REPORTGEN_CACHE_DIR="${REPORTGEN_CACHE_DIR:-/var/tmp/$USER-reportgen}"

# 3 says that some inputs were refused, which is no reason to do the part again, or that the run was stopped.
code=0
srun reportgen run "$inputs" -o "$out" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --jobs "${SLURM_CPUS_PER_TASK:-1}" || code=$?
summary="$out/summary.$SLURM_ARRAY_TASK_ID-of-$SLURM_ARRAY_TASK_COUNT.json"
[[ $code == 3 ]] && grep -q '"stopped": null' "$summary" || exit "$code"
