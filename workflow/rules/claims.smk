# Claims of the paper, tested with a study's numbers; results/claims.html shows several studies side by side.


rule judge_claims:
    input:
        numbers=plan.claim_numbers,
        claims="config/claims.yaml",
        code=plan.code("claims.judge"),
    output:
        csv="results/{study}/claims.csv",
    log:
        "work/logs/judge_claims/{study}.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    shell:
        "python -m neural_predictor judge-claims --study {wildcards.study} --results results/{wildcards.study}"
        " --csv {output.csv} > {log} 2>&1"


rule render_claims:
    input:
        csv="results/{study}/claims.csv",
        pages=plan.claim_pages,
        code=plan.claim_code(),
    output:
        html="results/{study}/claims.html",
        md="results/{study}/claims.md",
    log:
        "work/logs/render_claims/{study}.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    shell:
        "python -m neural_predictor render-claims {input.csv} --html {output.html} --md {output.md} > {log} 2>&1"


rule compare_claims:
    input:
        csv=expand("results/{study}/claims.csv", study=plan.claim_studies()),
        pages=expand("results/{study}/claims.html", study=plan.claim_studies()),
        code=plan.claim_code(),
    output:
        html="results/claims.html",
        md="results/claims.md",
    log:
        "work/logs/compare_claims.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    shell:
        "python -m neural_predictor render-claims {input.csv} --html {output.html} --md {output.md} > {log} 2>&1"
