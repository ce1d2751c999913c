# Searches that are run one question after another. Their code is not an input: raise the version of one in
# src/neural_predictor/search/registry.py when a change shall run it again, with a line in CHANGELOG.md.


rule run_searches:
    input:
        table=plan.fit_table,
    output:
        traces="results/{study}/searches/{search}/{benchmark}/{run}/{shard}.traces.npz",
    log:
        "work/logs/run_searches/{study}/{search}/{benchmark}/{run}-{shard}.log",
    benchmark:
        "work/benchmarks/run_searches/{study}/{search}/{benchmark}/{run}-{shard}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        runs=plan.search_params,
    shell:
        "python -m neural_predictor run-searches --study {wildcards.study} --table {input.table}"
        " --search {wildcards.search} --run {wildcards.run} --shard {wildcards.shard} --output {output.traces}"
        " --threads {threads} > {log} 2>&1"
