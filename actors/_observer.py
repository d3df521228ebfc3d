"""What an onlooker sees: each call is made synchronously, where the thing happens."""

from actors._messages import DeadLetter


class Observer:
    """Override what you want to see; every method does nothing here.

    Pass one to `open_system`. The calls are made inside the runtime, so they must be quick and must not
    raise: an exception comes out at whoever sent, handled or stopped. Without an observer the cost is one
    ``is None`` test for each message sent and each taken.
    """

    def sent(self, actor: str, message: object) -> None:
        """``message`` entered the inbox of ``actor``; a tick of a timer may leave it again with its incarnation."""

    def delivered(self, actor: str, message: object) -> None:
        """``actor`` took ``message`` up."""

    def handled(self, actor: str, message: object) -> None:
        """``actor`` finished with ``message`` and came back for more, or ended in good order."""

    def crashed(self, actor: str, error: Exception) -> None:
        """The behaviour of ``actor`` raised ``error``."""

    def restarted(self, actor: str) -> None:
        """The behaviour of ``actor`` was called again on the same inbox."""

    def stopped(self, actor: str, reason: str) -> None:
        """``actor`` ended; nothing will be delivered to it any more."""

    def dead_letter(self, letter: DeadLetter) -> None:
        """Nobody will handle this message."""
