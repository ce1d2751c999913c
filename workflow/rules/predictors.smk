# The costly stage. Its code is not an input: raise FIT_STAGE_VERSION (src/neural_predictor/workflow/versions.py) when a
# change shall refit everything, with a line in CHANGELOG.md.


rule fit_predictor:
    input:
        table=plan.fit_table,
    output:
        scores="results/{study}/fits/{predictor}/{benchmark}/{sample}/{shard}.scores.npz",
        times="results/{study}/fits/{predictor}/{benchmark}/{sample}/{shard}.seconds.json",
    log:
        "work/logs/fit_predictor/{study}/{predictor}/{benchmark}/{sample}-{shard}.log",
    benchmark:
        "work/benchmarks/fit_predictor/{study}/{predictor}/{benchmark}/{sample}-{shard}.tsv"
    # The largest N takes longest: it starts first, and the rest fills the gaps.
    priority: plan.fit_priority
    conda:
        f"../../envs/{plan.accelerator}.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000 + 2 * plan.project.config.scoring_memory_mb),
        runtime=growing(120),
        gpu=int(plan.accelerator == "gpu"),
    params:
        fit=plan.fit_params,
        accelerator=plan.accelerator,
        memory_mb=plan.project.config.scoring_memory_mb,
    shell:
        "python -m neural_predictor fit-predictor --study {wildcards.study} --table {input.table}"
        " --predictor {wildcards.predictor} --sample {wildcards.sample} --shard {wildcards.shard}"
        " --output {output.scores} --times {output.times} --threads {threads} --accelerator {params.accelerator}"
        " --memory-mb {params.memory_mb} > {log} 2>&1"
