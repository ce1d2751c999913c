#!/usr/bin/env bash
# cancel.sh ID...: ends jobs, when Snakemake is interrupted.
set -eo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/site.sh"

case $SYSTEM in
slurm) scancel "$@" ;;
pbs | sge) qdel "$@" ;;
lsf) bkill "$@" ;;
*)
    echo "profiles/generic/site.sh: SYSTEM is '$SYSTEM'; allowed are slurm, pbs, sge, lsf" >&2
    exit 2
    ;;
esac
