"""What can be wrong with what is to be tried."""


class ResearchError(ValueError):
    """A grid, a window or a trial that cannot be run: the text names the argument, the value and the rule."""
