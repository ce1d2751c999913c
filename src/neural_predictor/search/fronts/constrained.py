"""ProxylessNAS-like constrained search: REINFORCE with a reward that the cost penalises, a policy for each bound.

Source: Tan et al., "MnasNet: Platform-Aware Neural Architecture Search for Mobile", CVPR 2019: the reward is accuracy x
(cost / T)^w for a target T, with w = -.07; Cai et al., "ProxylessNAS: Direct Neural Architecture Search on Target Task
and Hardware", ICLR 2019, optimise it by REINFORCE (ProxylessNAS-R). Here it is as in Bender et al., "Can Weight Sharing
Outperform Random Architecture Search?", CVPR 2020 (hard exponential): there is no penalty where the cost is at most T.
With one exponent on both sides T is but a factor of all rewards, so that a policy that sees them relative to each other
asks for the same under every bound.

What else differs: a reward is of a whole training, not of shared weights; policy and steps are those of `reinforce`;
the bounds take turns, and each policy learns from all that was trained, for a cost is known under every bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.errors import SearchError
from neural_predictor.search.base import Settings
from neural_predictor.search.fronts.base import FrontSearch
from neural_predictor.search.fronts.windows import in_turn
from neural_predictor.search.reinforce import Reinforce, ReinforceSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


class ConstrainedSettings(Settings):
    """Settings of the constrained search.

    Attributes:
        bounds: costs; each has a policy of its own. An infinite one penalises nothing.
        exponent: of cost / bound, beyond the bound.
        policy: of every policy.
    """

    bounds: Annotated[tuple[float, ...], Field(min_length=1)] = (np.inf,)
    exponent: Annotated[float, Field(lt=0)] = -0.07
    policy: ReinforceSettings = ReinforceSettings()


class Constrained(FrontSearch):
    """See the module.

    Raises:
        SearchError: for graphs without a search space, and for costs that have no ratio to a bound.
    """

    settings_class: ClassVar[type[Settings]] = ConstrainedSettings

    def _begin(self) -> None:
        bounds = self.settings.bounds
        for bound in bounds:
            self.ratio(np.arange(len(self.pool)), bound)  # before anything is trained
        seeds = self.rng.integers(2**31, size=len(bounds)).tolist()
        self._policies = [Reinforce(self.pool, seed, settings=self.settings.policy) for seed in seeds]

    def _propose(self, count: int) -> Rows:
        found, number = [np.zeros(0, np.intp)], len(self._policies)
        for turn in range(min(count, number)):
            policy = self._policies[(len(self.asked) + turn) % number]
            policy.reserve(np.concatenate([self.asked, *found]))
            found.append(policy.ask(len(range(turn, count, number))))
        return in_turn(found[1:])

    def _learn(self, rows: Rows, goodness: Floats) -> None:
        for policy, bound in zip(self._policies, self.settings.bounds, strict=True):
            policy.tell(rows, self.reward(rows, goodness, bound))

    def reward(self, rows: Rows, goodness: Floats, bound: float) -> Floats:
        """(k,) rewards under a bound of architectures (k,) with goodness (k,), higher is better.

        Where goodness is negative, the exponent has the other sign: a penalty lowers it too.
        """
        beyond = np.maximum(self.ratio(rows, bound), 1)
        return np.asarray(goodness * beyond ** (self.settings.exponent * np.sign(goodness)))

    def ratio(self, rows: Rows, bound: float) -> Floats:
        """(k,) cost over bound of architectures, at most 1 where one meets it; of a throughput, bound over throughput.

        Raises:
            SearchError: if the costs and the bound do not have one sign.
        """
        cost = self.cost(rows)
        if np.isinf(bound):
            return np.ones(len(cost))
        if not (cost * bound > 0).all():
            raise SearchError(
                f"the search takes the ratio of costs to their bound {bound:g}; these costs go from {cost.min():g} to "
                f"{cost.max():g}, and all must have the bound's sign and differ from 0: take another search"
            )
        return cost / bound if bound > 0 else bound / cost
