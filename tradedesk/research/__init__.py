"""Many runs of one portfolio: which parameters, how they hold up later, and whether a strategy looks ahead.

_trial          what one run needs, and running it over a span of its history
_grid           the points of a grid of parameters; pure
_windows        where walk-forward trains and tests; pure
_points         one point in a process of its own; _failure: what it raised, as a value
_best           which point is best; pure
_pool           jobs spread over processes (the one place that uses trio-parallel)
_sweep          every point of a grid
_walk_forward   choose in one stretch, try in the next
_lookahead      whether decisions change when the future is taken away
_errors         `ResearchError`

Needs the extra `research`: ``pip install 'tradedesk-actors[research]'``.
"""

from tradedesk.research._best import Metric, best
from tradedesk.research._errors import ResearchError
from tradedesk.research._failure import Failure
from tradedesk.research._grid import Grid, Parameters, points
from tradedesk.research._lookahead import LookAhead, LookAheadReport, lookahead_check
from tradedesk.research._points import Build, Curve, Outcome, Point
from tradedesk.research._sweep import sweep
from tradedesk.research._trial import Trial
from tradedesk.research._walk_forward import Step, WalkForward, walk_forward
from tradedesk.research._windows import Span, Window, windows

__all__ = [
    # what is run
    "Trial",
    "Build",
    # sweeps
    "sweep",
    "Grid",
    "Parameters",
    "points",
    "Point",
    "Outcome",
    "Curve",
    "Failure",
    "best",
    "Metric",
    # walk-forward
    "walk_forward",
    "WalkForward",
    "Step",
    "windows",
    "Window",
    "Span",
    # look-ahead
    "lookahead_check",
    "LookAhead",
    "LookAheadReport",
    # errors
    "ResearchError",
]
