# Numbers of a figure and their protocol. Cheap: their code is an input, so a change in it runs them again.


rule run_fig3:
    input:
        table=plan.study_table,
        code=plan.code("experiments.fig3"),
    output:
        csv="results/{study}/fig3.csv",
        protocol="results/{study}/fig3.protocol.json",
    log:
        "work/logs/run_fig3/{study}.log",
    benchmark:
        "work/benchmarks/run_fig3/{study}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=plan.study_digest,
    shell:
        "python -m neural_predictor run fig3 --study {wildcards.study} --table {input.table}"
        " --csv {output.csv} --protocol {output.protocol} > {log} 2>&1"


rule run_fig7:
    input:
        table=plan.study_table,
        scores=plan.fig7_scores,
        code=plan.code("experiments.fig7"),
    output:
        csv="results/{study}/fig7.csv",
        protocol="results/{study}/fig7.protocol.json",
    log:
        "work/logs/run_fig7/{study}.log",
    benchmark:
        "work/benchmarks/run_fig7/{study}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        study=plan.study_digest,
    shell:
        "python -m neural_predictor run fig7 --study {wildcards.study} --table {input.table}"
        " --csv {output.csv} --protocol {output.protocol} {input.scores} > {log} 2>&1"


rule run_table_tau:
    input:
        tables=plan.tau_tables,
        scores=plan.tau_scores,
        code=plan.code("experiments.table_tau"),
    output:
        csv="results/{study}/table-tau.csv",
        markdown="results/{study}/table-tau.md",
        protocol="results/{study}/table-tau.protocol.json",
    log:
        "work/logs/run_table_tau/{study}.log",
    benchmark:
        "work/benchmarks/run_table_tau/{study}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        study=plan.study_digest,
        tables=lambda wildcards, input: [f"--table {table}" for table in input.tables],
    shell:
        "python -m neural_predictor run table-tau --study {wildcards.study} {params.tables} --csv {output.csv}"
        " --markdown {output.markdown} --protocol {output.protocol} {input.scores} > {log} 2>&1"
