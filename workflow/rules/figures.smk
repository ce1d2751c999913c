# From numbers to pages: one rule a figure, made from the list of figures.

for figure in plan.figures:

    rule:
        name:
            f"render_{figure}"
        input:
            csv=f"results/{{study}}/{figure}.csv",
            protocol=f"results/{{study}}/{figure}.protocol.json",
            code=plan.code(f"figures.{figure}"),
        output:
            pdf=f"results/{{study}}/{figure}.pdf",
            png=report(
                f"results/{{study}}/{figure}.png",
                caption=f"../report/{figure}.rst",
                category="{study}",
                labels={"figure": figure},
            ),
        log:
            f"work/logs/render_{figure}/{{study}}.log",
        benchmark:
            f"work/benchmarks/render_{figure}/{{study}}.tsv"
        conda:
            "../../envs/cpu.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=30,
        params:
            figure=figure,
        shell:
            "python -m neural_predictor render {params.figure} --csv {input.csv} --protocol {input.protocol}"
            " --pdf {output.pdf} --png {output.png} > {log} 2>&1"
