# Benchmarks as columns.


rule build_table:
    input:
        raw=plan.raw_file,
        code=plan.reader_code,
    output:
        table="resources/tables/{benchmark}.parquet",
    log:
        "work/logs/build_table/{benchmark}.log",
    benchmark:
        "work/benchmarks/build_table/{benchmark}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        tolerate=plan.tolerate_option,
    shell:
        "python -m neural_predictor build-table {wildcards.benchmark} --raw {input.raw} {params.tolerate}"
        " --output {output.table} > {log} 2>&1"
