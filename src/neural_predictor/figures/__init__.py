"""Figures and tables."""

MODULES = {
    "fig-frontier": "fig7.numbers",
    "fig1": "schematics",
    "fig2": "schematics",
    "fig3": "fig3.numbers",
    "fig4": "fig4.numbers",
    "fig4-nlp": "fig4.numbers",
    "fig5": "schematics",
    "fig6": "fig6.numbers",
    "fig7": "fig7.numbers",
    "fig8": "fig8.numbers",
    "fig9-nasbench-one": "fig9.numbers",
    "fig9-nasbench-two": "fig9.numbers",
    "fig9-nlp": "fig9.numbers",
    "figA1": "fig4.numbers",
    "figA1-tau": "figA1_tau.numbers",
    "table-efficiency": "fig4.numbers",
    "table-metrics": "fig9.numbers",
    "table-mse": "table_mse.numbers",
    "table-tau": "table_tau.numbers",
}
