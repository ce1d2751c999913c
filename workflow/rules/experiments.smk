# Numbers of a figure or table and their protocol. Cheap: their code is an input, so a change in it runs them again.


rule run_experiment:
    input:
        tables=plan.experiment_tables,
        scores=plan.experiment_scores,
        times=plan.experiment_times,
        numbers=plan.experiment_numbers,
        traces=plan.experiment_traces,
        shared=plan.experiment_shared,
        choice=plan.experiment_choice,
        code=plan.experiment_code,
    output:
        csv="results/{study}/{experiment}.csv",
        protocol="results/{study}/{experiment}.protocol.json",
    log:
        "work/logs/run_experiment/{study}/{experiment}.log",
    benchmark:
        "work/benchmarks/run_experiment/{study}/{experiment}.tsv"
    wildcard_constraints:
        experiment="|".join(plan.artefacts),
    conda:
        "../../envs/cpu.yaml"
    threads: plan.experiment_threads
    resources:
        mem_mb=growing(6000),
        runtime=growing(240),
    params:
        study=plan.study_digest,
        tables=lambda wildcards, input: [f"--table {table}" for table in input.tables],
        numbers=lambda wildcards, input: [f"--numbers {path}" for path in input.numbers],
        traces=lambda wildcards, input: [f"--traces {path}" for path in input.traces],
        shared=lambda wildcards, input: [f"--shared {path}" for path in input.shared],
        choice=lambda wildcards, input: [f"--choice {path}" for path in input.choice],
    shell:
        "python -m neural_predictor run {wildcards.experiment} --study {wildcards.study} {params.tables}"
        " {params.numbers} {params.traces} {params.shared} {params.choice} --csv {output.csv} --protocol {output.protocol}"
        " --threads {threads}"
        " {input.scores} > {log} 2>&1"
