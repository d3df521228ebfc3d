"""The `tradedesk` command.

_app                      commands and options (cyclopts)
_guard                    what ends the command: sentence, exit code
_toml  _mistakes          a portfolio file into a _desk: all mistakes at once
  _config  _structure     its tables as values; tables checked key by key (cattrs)
  _sleeves                each sleeve: its file, its strategy, its place among the others
  _load                   strategies by name, from the user's own modules
_demo                     the desk of the demo
_play                     run a desk
  _interrupt              a first Ctrl-C lets the slice in hand end
  _tally                  what the trace says, in numbers; pure
  _screen                 progress bar and tables (rich)
_data                     findings in files of candles as tables (rich)
_check                    laws for the user's own code (`tradedesk.testing`); needs the extra `testing`
_summary                  the figures of `tradedesk.metrics` as a table (rich); needs the extra `report`

Exit codes: 0 done, 1 the run failed or files have findings, 2 a mistake in the command or a file, 130 interrupted.
"""

from tradedesk.cli._main import main

__all__ = ["main"]
