# The costly stage. Its code is not an input: raise FIT_STAGE_VERSION (src/neural_predictor/workflow.py) when a change
# shall refit everything, with a line in CHANGELOG.md.


rule fit_predictor:
    input:
        table="resources/tables/{benchmark}.parquet",
    output:
        weights="results/{study}/fits/{benchmark}/n{train_size}/{shard}.weights.npz",
        scores="results/{study}/fits/{benchmark}/n{train_size}/{shard}.scores.npz",
    log:
        "work/logs/fit_predictor/{study}/{benchmark}/n{train_size}-{shard}.log",
    benchmark:
        "work/benchmarks/fit_predictor/{study}/{benchmark}/n{train_size}-{shard}.tsv"
    # The largest N takes longest: it starts first, and the rest fills the gaps.
    priority: lambda wildcards: int(wildcards.train_size)
    conda:
        f"../../envs/{plan.accelerator}.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=lambda wildcards, attempt: 120 * attempt,
        gpu=int(plan.accelerator == "gpu"),
    params:
        fit=plan.fit_params,
        accelerator=plan.accelerator,
    shell:
        "python -m neural_predictor fit-predictor --study {wildcards.study} --table {input.table}"
        " --train-size {wildcards.train_size} --shard {wildcards.shard}"
        " --weights {output.weights} --scores {output.scores}"
        " --threads {threads} --accelerator {params.accelerator} > {log} 2>&1"
