# ProxylessNAS children: images, trainings in shards, one table a set, and the choice of the predictor fitted to it.
# Their code is not an input: raise CHILD_STAGE_VERSION (src/neural_predictor/workflow/versions.py) to train them anew.


rule prepare_images:
    input:
        raw=plan.image_inputs,
    output:
        protocol="results/{study}/children/{children}.images.json",
    log:
        "work/logs/prepare_images/{study}/{children}.log",
    benchmark:
        "work/benchmarks/prepare_images/{study}/{children}.tsv"
    wildcard_constraints:
        children="|".join(plan.child_sets),
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=240,
    params:
        images=plan.image_params,
        place=plan.image_place,
    shell:
        "python -m neural_predictor prepare-images --children {wildcards.children} --study {wildcards.study}"
        " --place {params.place} --output {output.protocol} > {log} 2>&1"


rule probe_device:
    input:
        images=plan.child_images,
    output:
        device="results/{study}/children/{children}.device.json",
    log:
        "work/logs/probe_device/{study}/{children}.log",
    wildcard_constraints:
        children="|".join(plan.child_sets),
    conda:
        f"../../envs/{plan.accelerator}.yaml"
    threads: 1
    resources:
        mem_mb=growing(6000),
        runtime=growing(15),
        gpu=int(plan.accelerator == "gpu"),
    params:
        children=plan.child_params,
        accelerator=plan.accelerator,
    shell:
        "python -m neural_predictor probe-device --children {wildcards.children} --study {wildcards.study}"
        " --images {input.images} --output {output.device} --threads {threads}"
        " --accelerator {params.accelerator} > {log} 2>&1"


rule train_children:
    input:
        images=plan.child_images,
        device=plan.child_device,
        raw=plan.image_inputs,
        chosen=plan.chosen_inputs,
    output:
        records="results/{study}/children/{children}/{shard}.jsonl",
    log:
        "work/logs/train_children/{study}/{children}-{shard}.log",
    benchmark:
        "work/benchmarks/train_children/{study}/{children}-{shard}.tsv"
    conda:
        f"../../envs/{plan.accelerator}.yaml"
    threads: plan.child_threads
    resources:
        mem_mb=growing(6000),
        runtime=growing(720),
        gpu=plan.child_gpus,
    params:
        children=plan.child_params,
        accelerator=plan.child_accelerator,
        place=plan.image_place,
        chosen=lambda wildcards, input: [f"--chosen {path}" for path in input.chosen],
        device=lambda wildcards, input: [f"--device {path}" for path in input.device],
        # Scratch that survives a kill, so no output: Snakemake deletes outputs before each attempt.
        work="work/children/{study}/{children}",
    shell:
        "python -m neural_predictor train-children --children {wildcards.children} --study {wildcards.study}"
        " --shard {wildcards.shard} --images {input.images} --place {params.place} {params.chosen}"
        " {params.device}"
        " --work {params.work} --output {output.records} --threads {threads} --accelerator {params.accelerator}"
        " > {log} 2>&1"


rule measure_children:
    input:
        chosen=plan.chosen_inputs,
    output:
        measurements="results/{study}/latency/{children}/measurements.jsonl",
    log:
        "work/logs/measure_children/{study}/{children}.log",
    benchmark:
        "work/benchmarks/measure_children/{study}/{children}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        children=plan.child_params,
        chosen=lambda wildcards, input: [f"--chosen {path}" for path in input.chosen],
        # Scratch that survives a kill, so no output: Snakemake deletes outputs before each attempt.
        work="work/latency/{study}/{children}",
    shell:
        "python -m neural_predictor measure-children --children {wildcards.children} --study {wildcards.study}"
        " {params.chosen} --work {params.work} --output {output.measurements} > {log} 2>&1"


rule collect_children:
    input:
        shards=plan.child_shards,
        images=plan.child_images,
        device=plan.child_device,
        chosen=plan.chosen_inputs,
        latency=plan.child_profile,
        code=plan.code("children.collect") + plan.code("children.datasheet"),
    output:
        parquet="results/{study}/children/{children}.parquet",
        csv="results/{study}/children/{children}.csv",
        sheet="results/{study}/children/{children}.datasheet.md",
    log:
        "work/logs/collect_children/{study}/{children}.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        chosen=lambda wildcards, input: [f"--chosen {path}" for path in input.chosen],
        device=lambda wildcards, input: [f"--device {path}" for path in input.device],
        profile=lambda wildcards, input: plan.profile_option(input.latency),
    shell:
        "python -m neural_predictor collect-children --children {wildcards.children} --study {wildcards.study}"
        " --images {input.images} {params.chosen} {params.device} {params.profile} --parquet {output.parquet} --csv {output.csv}"
        " --sheet {output.sheet} {input.shards} > {log} 2>&1"


rule choose_children:
    input:
        parquet="results/{study}/children/{children}.parquet",
        latency=plan.child_profile,
        code=plan.code("children.choose"),
    output:
        choice="results/{study}/children/{children}.choice.csv",
    log:
        "work/logs/choose_children/{study}/{children}.log",
    benchmark:
        "work/benchmarks/choose_children/{study}/{children}.tsv"
    wildcard_constraints:
        children="|".join(plan.child_sets),
    conda:
        f"../../envs/{plan.accelerator}.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
        gpu=int(plan.accelerator == "gpu"),
    params:
        choice=plan.choice_params,
        accelerator=plan.accelerator,
        profile=lambda wildcards, input: plan.profile_option(input.latency),
    shell:
        "python -m neural_predictor choose-children --study {wildcards.study} {params.profile}"
        " --parquet {input.parquet} --output {output.choice} --threads {threads}"
        " --accelerator {params.accelerator} > {log} 2>&1"
