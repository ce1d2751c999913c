# From numbers to pages: one rule a figure or table, made from the registry.

for name, row in plan.artefacts.items():

    rule:
        name:
            "render_" + name.replace("-", "_")
        input:
            csv=f"results/{{study}}/{name}.csv",
            protocol=f"results/{{study}}/{name}.protocol.json",
            caption=plan.caption(row),
            code=plan.page_code(row),
        output:
            **{
                kind: (
                    path
                    if kind in ("pdf", "finding")
                    else report(
                        path,
                        caption="../report/caption.rst",
                        category="{study}",
                        labels={row.kind: name},
                    )
                )
                for kind, path in plan.page_files(name, row).items()
            },
        log:
            f"work/logs/render/{{study}}/{name}.log",
        benchmark:
            f"work/benchmarks/render/{{study}}/{name}.tsv"
        conda:
            "../../envs/cpu.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(30),
        params:
            name=name,
            pages=lambda wildcards, output: [
                f"--{kind} {path}" for kind, path in output.items()
            ],
        shell:
            "python -m neural_predictor render {params.name} --csv {input.csv} --protocol {input.protocol}"
            " {params.pages} > {log} 2>&1"
