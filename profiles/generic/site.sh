# What a site sets; read by submit.sh, status.sh and cancel.sh.

# slurm, pbs (OpenPBS and PBS Professional; not Torque), sge (Grid Engine and its descendants) or lsf.
SYSTEM=${CLUSTER_SYSTEM:-slurm}

# Options of every submission: the queue, the account. PBS, for example: (-q workq -P my-project)
OPTIONS=()
# More of them for jobs that need a GPU. Slurm, for example: (--partition=gpu)
GPU_OPTIONS=()

# Grid Engine alone, since every site names these itself (`qconf -spl`, `qconf -sc`): the parallel environment that
# keeps a job's slots on one host, the resource that is memory a slot, and the one that counts GPUs. Not h_vmem: it
# bounds address space, of which TensorFlow reserves far more than it uses. A resource is counted a slot, too, unless
# its `consumable` is JOB: a job of two slots then asks for two GPUs.
SGE_PARALLEL=smp
SGE_MEMORY=mem_free
SGE_GPU=gpu
