#!/usr/bin/env bash
# submit.sh RULE CPUS MEGABYTES MINUTES GPUS JOBSCRIPT: gives a job to the scheduler and prints its id.
set -eo pipefail # not -u: an empty list is an unset one for the bash of older systems
source "$(dirname "${BASH_SOURCE[0]}")/site.sh"

rule=$1 cpus=$2 megabytes=$3 minutes=$4 gpus=$5 script=$6
clock=$(printf '%02d:%02d:00' $((minutes / 60)) $((minutes % 60)))
logs=$PWD/work/logs/cluster # what the scheduler says; the job's own log is beside it
mkdir -p "$logs"
options=("${OPTIONS[@]}")
((gpus == 0)) || options+=("${GPU_OPTIONS[@]}")

case $SYSTEM in
slurm)
    ((gpus == 0)) || options+=(--gpus="$gpus")
    # With --parsable: id, or id;cluster.
    sbatch --parsable --job-name="$rule" --output="$logs/$rule-%j.log" --ntasks=1 --cpus-per-task="$cpus" \
        --mem="${megabytes}M" --time="$minutes" "${options[@]}" "$script" | cut -d ';' -f 1
    ;;
pbs)
    chunk=select=1:ncpus=$cpus:mem=${megabytes}mb
    ((gpus == 0)) || chunk+=:ngpus=$gpus
    qsub -V -S /bin/bash -N "${rule:0:15}" -j oe -o "$logs/" -l "$chunk" -l walltime="$clock" "${options[@]}" "$script"
    ;;
sge)
    ((cpus == 1)) || options+=(-pe "$SGE_PARALLEL" "$cpus")
    ((gpus == 0)) || options+=(-l "$SGE_GPU=$gpus")
    slot=$(((megabytes + cpus - 1) / cpus))
    qsub -terse -V -cwd -S /bin/bash -N "$rule" -j y -o "$logs/" -l h_rt="$clock" -l "$SGE_MEMORY=${slot}M" \
        "${options[@]}" "$script"
    ;;
lsf)
    ((gpus == 0)) || options+=(-gpu "num=$gpus")
    # Job <123> is submitted to queue <normal>.
    bsub -J "$rule" -o "$logs/$rule-%J.log" -n "$cpus" -R "span[hosts=1] rusage[mem=${megabytes}MB]" -W "$minutes" \
        "${options[@]}" < "$script" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p'
    ;;
*)
    echo "profiles/generic/site.sh: SYSTEM is '$SYSTEM'; allowed are slurm, pbs, sge, lsf" >&2
    exit 2
    ;;
esac
