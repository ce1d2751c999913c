# Stable names: results/fig7.pdf is the default study's.


rule publish:
    input:
        lambda wildcards: f"results/{config['study']}/{wildcards.artefact}",
    output:
        "results/{artefact}",
    log:
        "work/logs/publish/{artefact}.log",
    wildcard_constraints:
        artefact=r"[a-z0-9-]+\.(pdf|md)",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    shell:
        "cp {input} {output} > {log} 2>&1"


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
