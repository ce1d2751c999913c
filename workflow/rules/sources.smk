# Raw files: found in a package, linked from where the user has them, or downloaded; always checked.


rule fetch_source:
    output:
        raw="resources/raw/{source}",
    log:
        "work/logs/fetch_source/{source}.log",
    benchmark:
        "work/benchmarks/fetch_source/{source}.tsv"
    retries: 2
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=120,
    params:
        local=plan.local_option,
        row=plan.source_digest,
    shell:
        "python -m neural_predictor fetch-source {wildcards.source} {params.local}"
        " --output {output.raw} > {log} 2>&1"
