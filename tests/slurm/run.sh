#!/usr/bin/env bash
# The tests of cluster submission, from nothing to the verdict: root on Debian 12, 32 minutes on two cores that others used too.
#   tests/slurm/run.sh                 with .venv (make cluster)
#   tests/slurm/run.sh PYTHON [...]    with this interpreter, and options for pytest
# Installs Slurm if it is missing, runs a controller and one node with two CPUs and one GPU that is /dev/null, and stops
# exactly what it started. Their state, key and logs lie in a temporary folder, which stays if something failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${1:-}
shift || true
node=$(hostname -s)
folder=
started=()
linked=()

clock() { printf '%-32s %4d s\n' "$1" "$SECONDS"; }

stop() {
    local status=$? name pid
    set +e
    for name in "${started[@]}"; do
        pid=$(cat "$folder/$name.pid" 2>/dev/null) || continue
        kill "$pid"
        # Not for ever: in a container nobody may collect a process that has ended.
        for _ in $(seq 300); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    done
    ((${#linked[@]} == 0)) || rm -f "${linked[@]}"
    if ((status == 0)); then rm -rf "$folder"; elif [ -n "$folder" ]; then echo "kept: $folder"; fi
    clock "stopped, exit $status"
    exit "$status"
}

configure() {
    # Memory: what jobs use is measured every second, and a job that uses more than it asked for is killed: the nearest
    # to the kernel's OOM killer where there are no cgroups. The node may claim more memory than the machine has, so
    # that the larger requests of retries can be scheduled anywhere. No accounting: finished jobs stay for an hour.
    cat > "$folder/slurm.conf" << CONF
ClusterName=neural-predictor-test
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=36817
SlurmdPort=36818
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MinJobAge=3600
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
GresTypes=gpu
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 RealMemory=65536 Gres=gpu:1
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
CONF
    printf 'AutoDetect=off\nNodeName=%s Name=gpu File=/dev/null\n' "$node" > "$folder/gres.conf"
}

start() {
    local file
    folder=$(mktemp -d --tmpdir neural-predictor-slurm.XXXXXX)
    chmod 755 "$folder" # munge wants its socket to be reachable
    mkdir "$folder/state" "$folder/spool"
    configure
    # Not SLURM_CONF: Snakemake's job step drops it. A cluster's own configuration is never touched.
    mkdir -p /etc/slurm
    for file in slurm.conf gres.conf; do
        ln -s "$folder/$file" "/etc/slurm/$file" || { echo "run.sh: this machine has a Slurm of its own" >&2; exit 1; }
        linked+=("/etc/slurm/$file")
    done
    (umask 077 && head -c 1024 /dev/urandom > "$folder/munge.key")
    munged --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
        --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
    started=(munged)
    slurmctld -i
    started=(slurmctld munged)
    slurmd
    started=(slurmd slurmctld munged)
    for _ in $(seq 100); do
        [ "$(sinfo --noheader --format=%T)" != idle ] || return 0
        sleep 0.2
    done
    sinfo
    echo "run.sh: the node does not come up" >&2
    return 1
}

[ "$(id -u)" = 0 ] || { echo "run.sh: installing Slurm and starting its daemons needs root" >&2; exit 1; }
trap stop EXIT
trap 'exit 130' INT TERM
for tool in slurmctld slurmd squeue munged; do
    ! command -v "$tool" > /dev/null || continue
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge \
        > /dev/null
    break
done
clock "Slurm is installed"
if [ -z "$python" ]; then
    make cluster
    python=$PWD/.venv/bin/python
    clock "the environment is there"
fi
start
clock "$(scontrol --version) is up"
srun hostname
"$python" -m pytest -m slurm tests/slurm -v --durations=0 "$@"
