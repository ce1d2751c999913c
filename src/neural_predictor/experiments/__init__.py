"""Experiments: what one figure or table of numbers needs, as tidy tables with intervals and a protocol."""

MODULES = {
    "fig1": "schematics",
    "fig2": "schematics",
    "fig3": "fig3",
    "fig4": "comparison",
    "fig4-nlp": "comparison",
    "fig5": "schematics",
    "fig6": "fig6",
    "fig7": "fig7",
    "fig8": "fig8",
    "fig9-nasbench-one": "fig9",
    "fig9-nasbench-two": "fig9",
    "fig9-nlp": "fig9",
    "figA1": "comparison",
    "figA1-tau": "learning",
    "fig-frontier": "fig7",
    "table-efficiency": "comparison",
    "table-metrics": "fig9",
    "table-mse": "table_mse",
    "table-tau": "table_tau",
}
"""Experiment -> its module in this folder, imported when it is run."""
