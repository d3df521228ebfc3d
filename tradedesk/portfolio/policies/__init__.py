"""Policies that split a risk budget, and wrappers around policies; pure and frozen.

- ``_equal_split.py``, ``_basic.py``, ``_risk_parity.py``, ``_kelly.py``   policies
- ``_capped.py``, ``_scaled.py``   wrappers, which take another policy: `Capped`, `Throttled`, `VolatilityTargeted`, ...
- ``_checks.py``                   what they are built from; ``_data.py``: what they look up; ``_split.py``: sums

The same sleeves and facts give the same amounts, in whatever order the sleeves come. No amount depends on the call
before.
"""

from tradedesk.portfolio.policies._basic import FixedRiskPolicy, InverseVolatilityPolicy
from tradedesk.portfolio.policies._capped import Capped, Group
from tradedesk.portfolio.policies._equal_split import EqualSplitRiskPolicy
from tradedesk.portfolio.policies._kelly import Edge, FractionalKellyPolicy
from tradedesk.portfolio.policies._risk_parity import RiskParityPolicy
from tradedesk.portfolio.policies._scaled import Throttled, VolatilityTargeted, WithMinimum

__all__ = [
    # policies
    "EqualSplitRiskPolicy",
    "FixedRiskPolicy",
    "InverseVolatilityPolicy",
    "RiskParityPolicy",
    "FractionalKellyPolicy",
    "Edge",
    # wrappers
    "Capped",
    "Group",
    "WithMinimum",
    "Throttled",
    "VolatilityTargeted",
]
