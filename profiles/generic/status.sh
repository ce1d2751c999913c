#!/usr/bin/env bash
# status.sh ID: prints running, success or failed. A scheduler that does not answer has not lost the job: running.
# A job that it no longer knows has failed, and Snakemake's retry runs it again.
set -o pipefail
source "$(dirname "${BASH_SOURCE[0]}")/site.sh"

id=$1

slurm() {
    # Not sacct, which waits for ever where there is no accounting; squeue knows a finished job for MinJobAge seconds.
    local answer
    answer=$(squeue --noheader --states=all --jobs="$id" --format=%T 2>&1)
    case $answer in
    COMPLETED) echo success ;;
    BOOT_FAIL | CANCELLED | DEADLINE | FAILED | NODE_FAIL | OUT_OF_MEMORY) echo failed ;;
    PREEMPTED | REVOKED | TIMEOUT | '' | *'Invalid job id'*) echo failed ;;
    *) echo running ;;
    esac
}

pbs() {
    # -x: finished jobs too, for as long as the server's job_history_duration.
    local answer
    answer=$(qstat -x -f "$id" 2>&1)
    case $answer in
    *'job_state = F'*) [[ $answer =~ Exit_status\ =\ 0($|[^0-9]) ]] && echo success || echo failed ;;
    *'Unknown Job Id'*) echo failed ;;
    *) echo running ;;
    esac
}

sge() {
    local answer seconds
    # A job leaves qstat some seconds before qacct has it.
    for seconds in 0 2 4 8; do
        sleep "$seconds"
        if answer=$(qstat -j "$id" 2>&1); then
            # A job in state Eqw waits for ever.
            [[ $answer == *'error reason'* ]] && echo failed || echo running
            return
        elif [[ $answer != *'do not exist'* ]]; then
            echo running
            return
        elif answer=$(qacct -j "$id" 2>/dev/null); then
            awk '$1 == "failed" { failed = $2 } $1 == "exit_status" { status = $2 }
                END { print (failed == 0 && status == 0) ? "success" : "failed" }' <<< "$answer"
            return
        fi
    done
    echo failed
}

lsf() {
    local answer
    answer=$(bjobs -noheader -o stat "$id" 2>&1)
    case $answer in
    DONE) echo success ;;
    EXIT | *'is not found'*) echo failed ;;
    *) echo running ;;
    esac
}

case $SYSTEM in
slurm | pbs | sge | lsf) "$SYSTEM" ;;
*)
    echo "profiles/generic/site.sh: SYSTEM is '$SYSTEM'; allowed are slurm, pbs, sge, lsf" >&2
    exit 2
    ;;
esac
