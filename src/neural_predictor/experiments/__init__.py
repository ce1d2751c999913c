"""Experiments: what one figure or table of numbers needs, as tidy tables with intervals and a protocol."""

MODULES = {
    "fig3": "fig3",
    "fig4": "comparison",
    "fig7": "fig7",
    "figA1": "comparison",
    "fig-frontier": "fig7",
    "table-efficiency": "comparison",
    "table-tau": "table_tau",
}
"""Experiment -> its module in this folder, imported when it is run."""
