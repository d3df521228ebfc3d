"""The search for cases that break laws: Hypothesis draws them and makes the first that breaks one smaller."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any, Final, Generic, TypeVar

import attrs

from tradedesk.testing._hypothesis import Flaky, NoSuchExample, Phase, find, settings, st
from tradedesk.testing._verdicts import Verdict

Case = TypeVar("Case")

AGAIN: Final = "it did not break again when the same was tried once more, so it could not be made smaller"


@attrs.frozen
class Law:
    """A sentence that a policy or a strategy is held to.

    Attributes:
        name: a word for it.
        says: the sentence, without its subject.
        check: given what happened in one case, says what breaks the law; None where nothing does. An assertion
            that fails in it breaks the law, too.
        presupposes: names of laws without which this one means nothing: while they are broken, it is not judged.
    """

    name: str
    says: str
    check: Callable[[Any], str | None]
    presupposes: tuple[str, ...] = ()

    def problem(self, happened: Any) -> str | None:
        """Say what breaks the law, if anything does."""
        try:
            return self.check(happened)
        except AssertionError as error:
            return (str(error) or "an assertion failed").splitlines()[0]  # a framework may explain at length


def named(laws: Iterable[Law], names: Iterable[str], what: str) -> list[Law]:
    """Look laws up by name.

    Raises:
        ValueError: There is no such law.
    """
    known = {law.name: law for law in laws}
    for name in names:
        if name not in known:
            raise ValueError(f"{what} names {name!r}, which is no law here; there are {', '.join(known)}")
    return [known[name] for name in names]


def chosen(laws: Sequence[Law], skip: Iterable[str], extra: Iterable[Law]) -> list[Law]:
    """Leave laws out and put others behind.

    Raises:
        ValueError: There is no such law to leave out, or two of one name.
    """
    left_out = named(laws, [skip] if isinstance(skip, str) else skip, "skip")
    kept = [*(law for law in laws if law not in left_out), *extra]
    for place, law in enumerate(kept):
        if any(law.name == before.name for before in kept[:place]):
            raise ValueError(f"two laws are called {law.name!r}; give one of them another name")
    return kept


@attrs.define(eq=False)
class Hunt(Generic[Case]):
    """One search, for whichever of some laws breaks first; from then on for smaller cases that break that one.

    Attributes:
        laws: those that nobody broke yet.
        happen: what happens in a case, for the laws to look at.
        tried: cases until the first that broke one.
        law: the one that is broken.
        case: the last case that broke it, and so the smallest.
        problem: what breaks it there.
    """

    laws: Sequence[Law]
    happen: Callable[[Case], Any]
    tried: int = 0
    law: Law | None = None
    case: Any = None
    problem: str | None = None

    def breaks(self, case: Case) -> bool:
        """Try a case."""
        self.tried += self.law is None
        happened = self.happen(case)
        for law in (self.law,) if self.law else self.laws:
            problem = law.problem(happened)
            if problem is not None:
                self.law, self.case, self.problem = law, case, problem
                return True
        return False

    def run(self, cases: st.SearchStrategy[Case], examples: int, first: Iterable[Case]) -> bool:
        """Look for a case that breaks a law; return whether it breaks it whenever it is tried."""
        if any(map(self.breaks, first)):
            return True
        how = settings(
            max_examples=examples,
            database=None,
            deadline=None,
            derandomize=False,  # the seed below decides, here as everywhere
            phases=(Phase.generate, Phase.shrink),
        )
        try:
            find(cases, self.breaks, settings=how, random=Random(0))  # noqa: S311 - no secret
        except NoSuchExample:
            return True
        except Flaky:
            return False
        return True


def verdicts(
    laws: Sequence[Law],
    happen: Callable[[Case], Any],
    cases: st.SearchStrategy[Case],
    *,
    examples: int,
    first: Sequence[Case],
    story: Callable[[Case], Iterable[str]],
) -> Iterator[Verdict]:
    """Try all laws at once, and again those that hold as long as one more breaks; in the order of the laws."""
    if type(examples) is not int or examples < 1:
        raise ValueError(f"examples must be a whole number of at least 1, not {examples!r}")
    still, found = list(laws), dict[str, Verdict]()
    while still:
        hunt = Hunt(still, happen)
        repeats = hunt.run(cases, examples, first)
        law = hunt.law
        if law is None:
            found |= {law.name: Verdict(law.name, law.says, hunt.tried) for law in still}
            break
        told = (*story(hunt.case), *([] if repeats else [AGAIN]))
        found[law.name] = Verdict(law.name, law.says, hunt.tried, hunt.problem, hunt.case, told)
        for lost in [other for other in laws if law.name in other.presupposes]:
            found[lost.name] = Verdict(lost.name, lost.says, 0, presupposes=law.name)
        still = [other for other in still if other.name not in found]
    yield from (found[law.name] for law in laws)


def law(check: Callable[[Any], str | None]) -> Law:
    """Make a law of a function: its name is the law's, the first line of its docstring what the law says.

    The function looks at what happened in one case: at an `Asked` policy, or at a strategy as it `Lived`. It returns
    what is wrong, in a sentence, or None; or it asserts.
    """
    says = (check.__doc__ or "keeps it").strip().splitlines()[0].rstrip(".")
    return Law(check.__name__, says[0].lower() + says[1:], check)
