# Stable names: results/fig7.pdf is the default study's. A link, so that it can never differ from the study's own file,
# and is made again when that was deleted.


rule publish:
    input:
        plan.publishable,
    output:
        "results/{artefact}",
    log:
        "work/logs/publish/{artefact}.log",
    wildcard_constraints:
        artefact="|".join(map(re.escape, plan.pages)),
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    params:
        study=plan.project.config.study,
    shell:
        "ln -sfn {params.study}/{wildcards.artefact} {output} > {log} 2>&1"


rule write_manifest:
    input:
        files=plan.manifest_inputs,
        code=plan.code("workflow.manifest"),
    output:
        manifest="results/{study}/manifest.json",
    log:
        "work/logs/write_manifest/{study}.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=300,
        runtime=30,
    params:
        study=plan.study_digest,
        config=plan.config_digest,
        accelerator=plan.accelerator,
    shell:
        "python -m neural_predictor write-manifest results/{wildcards.study} --study {wildcards.study}"
        " --accelerator {params.accelerator} --config {params.config} > {log} 2>&1"


rule finish_study:
    input:
        plan.study_targets,
    output:
        touch("results/{study}/all"),
    log:
        "work/logs/finish_study/{study}.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    shell:
        "echo {wildcards.study} > {log}"
