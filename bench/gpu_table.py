"""The table of `bench/gpu.sh`, from the last lines of the benches that it ran; JSON last."""

import argparse
import json
from pathlib import Path

COLUMNS = ("device", "setting", "first step s", "images/s", "memory MiB", "difference")


def cell(value, form):
    return "" if value is None else f"{value:{form}}"


def child(row):
    """A row of children_gpu.py."""
    fault, scaled = row["fault"], row.get("scaled")
    name = row["setting"] + (f" ({scaled:,.0f} scaled by multiply-adds)" if scaled else "")
    return [
        row["device"],
        name + (f": {fault}" if fault else ""),
        cell(row.get("first_step_s"), ".1f"),
        cell(row.get("images_per_s"), ",.0f"),
        cell(row.get("memory_mib"), ",.0f"),
        cell(row.get("difference"), ".1e"),
    ]


def rows_of(found):
    """Rows of all benches; those without images say in words what they measured."""
    rows = [child(row) for row in found.get("children", {}).get("rows", [])]
    device = found.get("children", {}).get("device", "")
    if scores := found.get("scores"):
        words = f"scores of a space: {min(scores['scorer_s']):.3f} s, Keras {min(scores['predict_s']):.2f} s"
        rows.append([device, words, cell(scores["first_call_s"], ".1f"), "", "", cell(scores["difference"], ".1e")])
    if engine := found.get("engine"):
        rows.append([device, f"predictor's engine: {engine['ratio']:.1f} times Keras fit", "", "", "", ""])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    found = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    failed = [path.read_text().strip() for path in sorted(folder.glob("*.failed"))]
    for row in (COLUMNS, ["---"] * len(COLUMNS), *rows_of(found)):
        print(f"| {' | '.join(row)} |")
    print("\n".join(failed))
    print(json.dumps(found | {"failed": failed}))


if __name__ == "__main__":
    main()
