# Numbers of a figure or table and their protocol. Cheap: their code is an input, so a change in it runs them again.


rule run_experiment:
    input:
        tables=plan.experiment_tables,
        files=plan.experiment_inputs,
        code=plan.experiment_code,
    output:
        csv="results/{study}/{experiment}.csv",
        protocol="results/{study}/{experiment}.protocol.json",
    log:
        "work/logs/run_experiment/{study}/{experiment}.log",
    benchmark:
        "work/benchmarks/run_experiment/{study}/{experiment}.tsv"
    wildcard_constraints:
        experiment="|".join(plan.figures),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(6000),
        runtime=growing(240),
    params:
        study=plan.study_digest,
        tables=lambda wildcards, input: [f"--table {table}" for table in input.tables],
    shell:
        "python -m neural_predictor run {wildcards.experiment} --study {wildcards.study} {params.tables}"
        " --csv {output.csv} --protocol {output.protocol} {input.files} > {log} 2>&1"


use rule run_experiment as run_table with:
    output:
        csv="results/{study}/{experiment}.csv",
        protocol="results/{study}/{experiment}.protocol.json",
        markdown="results/{study}/{experiment}.md",
    log:
        "work/logs/run_table/{study}/{experiment}.log",
    benchmark:
        "work/benchmarks/run_table/{study}/{experiment}.tsv"
    wildcard_constraints:
        experiment="|".join(plan.tables),
    params:
        study=plan.study_digest,
        tables=lambda wildcards, input, output: [
            *(f"--table {table}" for table in input.tables),
            f"--markdown {output.markdown}",
        ],
