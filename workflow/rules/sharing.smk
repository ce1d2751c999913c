# Methods that share weights: one supernet a method and drawn setting, its scores of a set's architectures, and its choice.
# Their code is not an input: raise SHARING_STAGE_VERSION (src/neural_predictor/workflow/versions.py) to train them anew.


rule train_supernet:
    input:
        images=plan.child_images,
        raw=plan.image_inputs,
    output:
        scores="results/{study}/sharing/{children}/{method}.npz",
        seconds="results/{study}/sharing/{children}/{method}.seconds.json",
    log:
        "work/logs/train_supernet/{study}/{children}-{method}.log",
    benchmark:
        "work/benchmarks/train_supernet/{study}/{children}-{method}.tsv"
    wildcard_constraints:
        children="|".join(plan.child_sets),
        method="|".join(plan.supernets),
    conda:
        f"../../envs/{plan.accelerator}.yaml"
    threads: 1
    resources:
        mem_mb=growing(6000),
        runtime=growing(720),
        gpu=int(plan.accelerator == "gpu"),
    params:
        method=plan.supernet_params,
        accelerator=plan.accelerator,
        place=plan.image_place,
        # Scratch that survives a kill, so no output: Snakemake deletes outputs before each attempt.
        work="work/sharing/{study}/{children}/{method}",
    shell:
        "python -m neural_predictor train-supernet {wildcards.method} --study {wildcards.study}"
        " --images {input.images} --place {params.place} --work {params.work} --output {output.scores}"
        " --threads {threads} --accelerator {params.accelerator} > {log} 2>&1"


rule choose_shared:
    input:
        scores=plan.shared_files,
        code=plan.code("sharing.choices"),
    output:
        choice="results/{study}/children/{children}.shared.csv",
    log:
        "work/logs/choose_shared/{study}/{children}.log",
    wildcard_constraints:
        children="|".join(plan.child_sets),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    shell:
        "python -m neural_predictor choose-shared {input.scores} --output {output.choice} > {log} 2>&1"
