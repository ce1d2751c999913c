#!/usr/bin/env bash
# What a GPU does with this project, in at most eight minutes and without a network: the settings of children beside
# Keras and PyTorch, the first score of a space and the next, and the predictor's engine beside Keras.
#   bench/gpu.sh            on one GPU, with the Python of .venv, or that of PYTHON
#   bench/gpu.sh --small    a trial on any machine, in seconds
# It prints a table, and JSON in the last line.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
export PYTHONPATH="$PWD/src${PYTHONPATH:+:$PYTHONPATH}"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# A bench that fails or takes longer than its seconds is a line of the table, and not the end.
bench() { # name seconds script arguments...
    local name=$1 seconds=$2
    shift 2
    if timeout -k 5 "$seconds" "$python" "bench/$1" "${@:2}" > "$out/$name.out" 2> "$out/$name.err"; then
        tail -n 1 "$out/$name.out" > "$out/$name.json"
    else
        echo "$name failed (status $?): $(tail -n 1 "$out/$name.err" | cut -c 1-300)" | tee "$out/$name.failed" >&2
    fi
}

if [ "${1:-}" = --small ]; then
    bench children 240 children_gpu.py --small --limit 110 &
    bench scores 120 score_nasbench101.py --cells 300 --rounds 1 --width 8 --threads 1 &
    wait
else
    "$python" -m neural_predictor device
    bench children 360 children_gpu.py --accelerator gpu --limit 60 --total 180 --others-limit 42
    bench scores 45 score_nasbench101.py --rounds 1 --accelerator gpu
    bench engine 60 predictor_training.py --rounds 1 --accelerator gpu
fi
"$python" bench/gpu_table.py "$out"
