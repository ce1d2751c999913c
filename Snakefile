# Neural Predictor for Neural Architecture Search: every figure a target.
#   snakemake --cores all results/fig7.pdf               the default study (config/config.yaml)
#   snakemake --cores all results/<study>/fig7.pdf       any study in config/studies/

import re
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")  # a priority that is a function

sys.path.insert(0, f"{workflow.basedir}/src")

from neural_predictor.io.garbage import collect_rarely
from neural_predictor.workflow.jobs import growing, shell_prefix
from neural_predictor.workflow.locks import drain_on_sigterm
from neural_predictor.workflow.plan import Plan

collect_rarely()
Plan.refuse(Path(workflow.basedir))


configfile: f"{workflow.basedir}/config/config.yaml"


shell.prefix(
    shell_prefix(workflow.basedir, workflow.deployment_settings.deployment_method)
)

plan = Plan.load(Path(workflow.basedir), config)
plan.enter(workflow, logger.warning)


wildcard_constraints:
    study="|".join(plan.project.study_names()),
    benchmark=r"[a-z0-9_-]+",
    predictor=r"[a-z0-9-]+",
    source=r"[a-z0-9-]+",
    sample=r"n[0-9]+|folds",
    search=r"[a-z-]+",
    run=r"[0-9]+-b[0-9]+-s[0-9]+",
    shard=r"[0-9]+",
    children=r"(" + "|".join(plan.child_sets) + r")(-chosen|-random|-shared)?",


resource_scopes:
    gpu="local",


onstart:
    drain_on_sigterm()


report: "workflow/report/workflow.rst"


include: "workflow/rules/sources.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/predictors.smk"
include: "workflow/rules/searches.smk"
include: "workflow/rules/children.smk"
include: "workflow/rules/sharing.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/publish.smk"


rule all:
    default_target: True
    input:
        plan.published(),
