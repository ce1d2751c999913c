"""Ways to compute the same training on a GPU: which is fastest depends on the card, the libraries and the maps.

On a CPU there is nothing to choose. On a GPU the stage `probe-device` measures these settings, in this order; until it
has, trainings are computed as the first one says. Nothing here imports TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from neural_predictor.errors import ConfigError
from neural_predictor.records import by_name

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from neural_predictor.config.child_recipes import TrainingRecipe

_UNTUNED = "--xla_gpu_autotune_level=0"
_NO_SEARCH = (("TF_CUDNN_USE_AUTOTUNE", "0"), ("XLA_FLAGS", _UNTUNED))
_COMPILED = (
    ("TF_CUDNN_USE_AUTOTUNE", "0"),
    (
        "XLA_FLAGS",
        f"{_UNTUNED} --xla_gpu_enable_triton_gemm=false --xla_gpu_force_compilation_parallelism=16 "
        "--xla_gpu_enable_llvm_module_compilation_parallelism=true --xla_backend_optimization_level=1",
    ),
)
"""On an H100 with 16 cores, parallel compilation and level 1 took .8 of the time to a first step; steps as long."""


class Setting(NamedTuple):
    """One way.

    Attributes:
        name: of it.
        about: what it is, as a page says it.
        precision: as in a training's recipe.
        xla: likewise.
        depthwise: likewise.
        environment: variables that TensorFlow reads when it is loaded, with their values.
    """

    name: str
    about: str
    precision: str = "float32"
    xla: bool = False
    depthwise: str = "standard"
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of a recipe that it decides, with its values."""
        return {"precision": self.precision, "xla": self.xla, "depthwise": self.depthwise}

    def applied(self, training: TrainingRecipe) -> TrainingRecipe:
        """A recipe that is computed in this way."""
        return training.model_copy(update=self.keys)

    def enter(self, environment: MutableMapping[str, str]) -> None:
        """Set its variables, before TensorFlow is loaded; flags join those that are there."""
        for name, value in self.environment:
            before = environment.get(name, "") if name == "XLA_FLAGS" else ""
            environment[name] = f"{before} {value}".strip()


SETTINGS = by_name(
    "src/neural_predictor/children/settings.py",
    [
        Setting("float32", "float32, of which convolutions use TF32 where the card has it; nothing is compiled"),
        Setting(
            "mixed-tiled-xla",
            "bfloat16, depthwise convolutions as products of matrices on tiles; compiled",
            precision="mixed_bfloat16",
            xla=True,
            depthwise="tiled",
            environment=_COMPILED,
        ),
        Setting(
            "mixed",
            "pointwise convolutions in bfloat16, depthwise ones in float32; nothing is compiled",
            precision="mixed_bfloat16",
            depthwise="float32",
            environment=_NO_SEARCH,
        ),
        Setting(
            "float32-tiled-xla",
            "float32, depthwise convolutions as products of matrices on tiles; compiled",
            xla=True,
            depthwise="tiled",
            environment=_COMPILED,
        ),
        Setting(
            "bfloat16",
            "all convolutions in bfloat16, without a search for the fastest algorithm; nothing is compiled",
            precision="mixed_bfloat16",
            environment=_NO_SEARCH,
        ),
        Setting(
            "bfloat16-xla",
            "all convolutions in bfloat16, without a search; compiled",
            precision="mixed_bfloat16",
            xla=True,
            environment=_COMPILED,
        ),
        Setting(
            "mixed-shifted-xla",
            "bfloat16, depthwise convolutions as shifted multiply-adds; compiled",
            precision="mixed_bfloat16",
            xla=True,
            depthwise="shifted",
            environment=_COMPILED,
        ),
        Setting("float32-untuned", "as float32, without a search for the fastest algorithm", environment=_NO_SEARCH),
        Setting("float32-xla", "float32, without a search; compiled", xla=True, environment=_COMPILED),
        Setting(
            "float32-shifted-xla",
            "float32, depthwise convolutions as shifted multiply-adds; compiled",
            xla=True,
            depthwise="shifted",
            environment=_COMPILED,
        ),
    ],
)
DEFAULT = SETTINGS["float32"]


def candidates(training: TrainingRecipe) -> list[Setting]:
    """The settings that a recipe leaves open; one alone where it fixes precision, xla and depthwise.

    Raises:
        ConfigError: if no setting has the values that the recipe fixes.
    """
    recipe = training.model_dump()
    fixed = {key: recipe[key] for key in DEFAULT.keys if recipe.get(key, "auto") != "auto"}
    found = [one for one in SETTINGS.values() if fixed.items() <= one.keys.items()]
    if not found:
        listed = "; ".join(f"{one.name}: {_pairs(one.keys)}" for one in SETTINGS.values())
        raise ConfigError(f"training: no setting has {_pairs(fixed)}; there are {listed}: change a key to auto")
    return found[:1] if len(fixed) == len(DEFAULT.keys) else found


def _pairs(keys: dict[str, Any]) -> str:
    return ", ".join(f"{key} {str(value).lower() if isinstance(value, bool) else value}" for key, value in keys.items())
