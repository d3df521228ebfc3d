"""What tests of strategies and policies need. The extra ``testing`` brings Hypothesis, which it is built on.

- ``_hypothesis.py``   Hypothesis, and what to install when it is missing
"""

import tradedesk.testing._hypothesis  # noqa: F401 - says what is missing

__all__: list[str] = []
