# From numbers to pages: one rule a figure, made from the list of figures.

for figure, module in (plan.figures | plan.child_figures).items():

    rule:
        name:
            "render_" + figure.replace("-", "_")
        input:
            csv=f"results/{{study}}/{figure}.csv",
            protocol=f"results/{{study}}/{figure}.protocol.json",
            code=plan.code(f"figures.{module}"),
        output:
            pdf=f"results/{{study}}/{figure}.pdf",
            png=report(
                f"results/{{study}}/{figure}.png",
                caption=f"../report/{plan.caption(figure)}.rst",
                category="{study}",
                labels={"figure": figure},
            ),
        log:
            f"work/logs/render/{{study}}/{figure}.log",
        benchmark:
            f"work/benchmarks/render/{{study}}/{figure}.tsv"
        conda:
            "../../envs/cpu.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(30),
        params:
            figure=figure,
        shell:
            "python -m neural_predictor render {params.figure} --csv {input.csv} --protocol {input.protocol}"
            " --pdf {output.pdf} --png {output.png} > {log} 2>&1"
