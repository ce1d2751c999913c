# make <any snakemake target>, for example
#   make results/fig7.pdf
#   make results/fig7.pdf ACCELERATOR=gpu
# makes .venv from requirements.lock, again when the lock, pyproject.toml or this folder's place has changed, and runs
# Snakemake in it.

PYTHON ?= python3
CORES ?= all
KILLS ?= 50
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CLUSTER := $(VENV)/.cluster
GPU := $(VENV)/.gpu
DOCS := $(VENV)/.docs
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --upgrade

PIP := $(BIN)/python -m pip install --no-user --quiet --require-hashes --no-deps -r
# $(call install,LOCK). uv takes a sixth of pip's time, but does not read pip's settings, as of a mirror.
install = $(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps -r $(1) || \
    { echo "uv did not install $(1); pip tries, which has settings of its own." >&2; $(PIP) $(1); }
SNAKEMAKE := $(BIN)/python -m snakemake
# ACCELERATOR=gpu on the command line is config.yaml's accelerator for this run.
CONFIGURED := $(if $(ACCELERATOR),--config accelerator=$(ACCELERATOR) --)

# What .venv was made from and where. Contents, for the times of files lie: clocks differ, and archives keep them.
MADE_FROM := { pwd -P; cat requirements.lock pyproject.toml | cksum; }
STALE := $(shell test -x $(BIN)/python && test "$$($(MADE_FROM))" = "$$(cat $(READY))" || echo stale)

# Settings of yours that would install elsewhere, or run other code than .venv's. Those of indexes and proxies count.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_DRY_RUN PIP_CONSTRAINT PIP_REQUIREMENT PIP_EDITABLE
unexport PIP_REQUIRE_HASHES PIP_NO_DEPS PIP_ONLY_BINARY PIP_NO_BINARY PIP_PLATFORM PIP_PYTHON_VERSION
unexport PIP_ABI PIP_IMPLEMENTATION PIP_NO_BUILD_ISOLATION PIP_BUILD_CONSTRAINT PIP_REPORT
unexport UV_PYTHON UV_SYSTEM_PYTHON UV_TARGET UV_PREFIX UV_CONSTRAINT UV_OVERRIDE UV_EXCLUDE UV_DRY_RUN
unexport UV_NO_BINARY UV_NO_BUILD UV_NO_BUILD_ISOLATION UV_BUILD_CONSTRAINT UV_NO_VERIFY_HASHES
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONSAFEPATH PYTHONWARNINGS
# Each of a figure's many processes would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# uv trusts the system's certificates, such as a proxy's, as pip does.
UV_SYSTEM_CERTS ?= true
export UV_SYSTEM_CERTS

# Where there is no home folder, as of a user without an entry in a container, caches lie here.
HOME ?= $(CURDIR)/work/home
export HOME

.NOTPARALLEL:
.SUFFIXES:
.DEFAULT_GOAL := help

.PHONY: help setup all test faults hostile gpu cluster slurm bench lint docs gallery wheel lock report clean

help:  ## list the targets
	@echo "make <any snakemake target>   for example: make results/fig7.pdf, make results/smoke-v1/fig7.pdf"
	@grep -hE '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:[^#]*##/\t/' | expand -t 30 | sed 's/^/make /'
	@echo "Figures and tables of the default study; results/<study>/... are those of any study that has what they need:"
	@PYTHONPATH=src $(PYTHON) -m neural_predictor.figures.registry

setup: $(READY)  ## the environment alone (.venv)

all: $(READY)  ## every figure and table of the default study
	$(SNAKEMAKE) --cores $(CORES) $(CONFIGURED) all

report: all  ## results/report.html: figures, captions, run times
	$(SNAKEMAKE) --report results/report.html $(CONFIGURED) all
	$(SNAKEMAKE) --forcerun compare_claims --cores $(CORES) $(CONFIGURED) results/claims.html # links to the report

test: $(READY)  ## every test, a process a core, at most four
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

faults: $(READY)  ## smoke-v1 killed at KILLS (50) random moments and restarted: the same tables
	$(BIN)/python -m pytest tests/faults/test_kills.py --kills $(KILLS)

hostile: $(READY)  ## altered files: 3,000 of each format that the project reads, instead of 100
	ALTERATIONS=3000 $(BIN)/python -m pytest tests/faults/hostile

bench: $(READY)  ## speed against the straightforward way
	for script in predictor_training score_nasbench101 enumerate_nasbench101 read_nasbench101 search children; do \
	    $(BIN)/python bench/$$script.py || exit 1; done

gpu: $(GPU)  ## TensorFlow's CUDA libraries, into .venv (Linux)

cluster: $(CLUSTER)  ## what submitting to a cluster needs, into .venv (docs/cluster.md)

slurm: $(CLUSTER)  ## the tests of cluster submission, on a Slurm of their own (root on Debian 12)
	tests/slurm/run.sh $(BIN)/python

lint: $(READY)  ## format, lint, types, workflow
	$(BIN)/ruff format --check src tests bench docs/tools
	$(BIN)/ruff check src tests bench docs/tools
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(SNAKEMAKE) --lint

docs: $(DOCS)  ## the site, into work/site; every warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

gallery: all  ## the pictures of docs/images, from the figures of the default study
	$(BIN)/python docs/tools/gallery.py results docs/images
	$(BIN)/neural-predictor write-lists

wheel: $(READY)  ## the distribution, into dist
	$(BIN)/python -m hatchling build -d dist

lock: $(READY)  ## every lock anew from pyproject.toml, with the newest versions that it admits
	$(COMPILE) --group uv --output-file requirements-uv.lock
	$(COMPILE) --extra workflow --extra dev pyproject.toml --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --extra gpu pyproject.toml --output-file requirements-gpu.lock
	$(COMPILE) --constraint requirements.lock --group cluster --output-file requirements-cluster.lock
	$(COMPILE) --constraint requirements.lock --group docs --output-file requirements-docs.lock

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) .snakemake resources work
	find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

$(READY): $(if $(STALE),FORCE)
	@test ! -e $(READY) || echo "Making .venv anew: the lock, pyproject.toml or the place of this folder has changed."
	$(PYTHON) -c "import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else 'Python 3.11, 3.12 or 3.13 is needed; this is ' + sys.version.split()[0] + '. Choose one: make PYTHON=python3.12 ...')"
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) requirements-uv.lock
	$(call install,requirements.lock)
	$(BIN)/python -m pip install --no-user --quiet --no-build-isolation --no-deps --editable .
	$(MADE_FROM) > $@

$(CLUSTER): requirements-cluster.lock | $(READY)
	$(call install,requirements-cluster.lock)
	touch -r requirements-cluster.lock $@

$(DOCS): requirements-docs.lock | $(READY)
	$(call install,requirements-docs.lock)
	touch -r requirements-docs.lock $@

$(GPU): requirements-gpu.lock | $(READY)
	$(call install,requirements-gpu.lock)
	touch -r requirements-gpu.lock $@

# Measures Snakemake itself, so no target of it; lengths of trainings come from the children of the default study.
results/fig-parallel.pdf: $(READY) FORCE
	$(SNAKEMAKE) --cores $(CORES) $(CONFIGURED) results/fig9-digits.pdf
	$(BIN)/python bench/scaling.py

# Everything else is a Snakemake target.
Makefile $(wildcard requirements*.lock) pyproject.toml: ;
%: $(READY) FORCE
	$(SNAKEMAKE) --cores $(CORES) $(CONFIGURED) $@
FORCE: ;
