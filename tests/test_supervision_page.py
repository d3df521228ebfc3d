"""The page on supervision keeps up with the tests: every case of OTP's suite has a row, and every row a test or a reason."""

import re
from collections.abc import Sequence

import pytest

from tests.architecture import words
from tests.test_docs import DOCS, NODE_ID, ROOT, missing_tests

PAGE = DOCS / "reference" / "supervision.rst"
ROW = re.compile(r"^   \* - (.+)\n     - ((?:.+\n(?:       .+\n)*))", re.MULTILINE)
NAME = re.compile(r"``(\w+)``")
REASON = re.compile(r"^does not apply: \w.{20,}\.$", re.DOTALL)

CASES = words(
    """
sup_start_normal sup_start_ignore_init sup_start_ignore_child sup_start_ignore_temporary_child
sup_start_ignore_temporary_child_start_child sup_start_ignore_temporary_child_start_child_simple
sup_start_ignore_permanent_child_start_child_simple sup_start_error_return sup_start_fail sup_start_map
sup_start_map_faulty_specs sup_stop_infinity sup_stop_timeout sup_stop_timeout_dynamic sup_stop_brutal_kill
sup_stop_brutal_kill_dynamic sup_stop_manual child_adm child_adm_simple child_specs child_specs_map extra_return
sup_flags permanent_normal transient_normal temporary_normal permanent_shutdown transient_shutdown temporary_shutdown
faulty_application_shutdown permanent_abnormal transient_abnormal temporary_abnormal temporary_bystander
multiple_restarts one_for_one one_for_one_escalation one_for_one_other_child_fails_restart one_for_all
one_for_all_escalation one_for_all_other_child_fails_restart simple_one_for_one simple_one_for_one_escalation
simple_one_for_one_extra simple_one_for_one_shutdown rest_for_one rest_for_one_escalation
rest_for_one_other_child_fails_restart child_unlink tree count_children count_children_supervisor
count_restarting_children which_children which_children_simple_one_for_one order_of_children
do_not_save_start_parameters_for_temporary_children do_not_save_child_specs_for_temporary_children
simple_one_for_one_scale_many_temporary_children scale_start_stop_many_children simple_global_supervisor
hanging_restart_loop hanging_restart_loop_rest_for_one hanging_restart_loop_simple code_change code_change_map
code_change_simple code_change_simple_map get_callback_module already_started_outside_supervisor format_log_1 format_log_2
auto_shutdown
"""
)


def findings(page: str, cases: Sequence[str]) -> list[str]:
    """Cases without a row or with several, rows of no case, rows with neither test nor reason."""
    rows = [(NAME.findall(names), cell.strip()) for names, cell in ROW.findall(page) if names != "OTP's case"]
    named = [name for names, _ in rows for name in names]
    return [
        *(f"{case} stands in {named.count(case)} rows" for case in cases if named.count(case) != 1),
        *(f"{name} is no case" for name in named if name not in cases),
        *(f"{names[0]} has neither a test nor a reason" for names, cell in rows if not _is_held(cell)),
    ]


def _is_held(cell: str) -> bool:
    return bool(NODE_ID.search(cell)) != bool(REASON.match(cell))


def test_every_case_of_otp_stands_on_the_page_with_a_test_or_a_reason():
    page = PAGE.read_text(encoding="utf-8")
    assert findings(page, CASES) == []
    assert missing_tests(page, ROOT) == []


GOOD = """
   * - ``tree``, ``one``
     - ``tests/a.py::test_a``
       ``tests/a.py::test_b``
   * - ``two``
     - does not apply: there is no such thing here at all.
"""


@pytest.mark.parametrize(
    ("page", "finding"),
    [
        (GOOD, []),
        (GOOD.replace(", ``one``", ""), ["one stands in 0 rows"]),
        (GOOD.replace("``two``", "``one``"), ["one stands in 2 rows", "two stands in 0 rows"]),
        (GOOD.replace("``two``", "``two``, ``three``"), ["three is no case"]),
        (GOOD.replace("there is no such thing here at all", "no"), ["two has neither a test nor a reason"]),
        (
            GOOD.replace("tests/a.py::test_a", "by hand").replace("tests/a.py::test_b", ""),
            ["tree has neither a test nor a reason"],
        ),
    ],
)
def test_a_case_that_is_missing_or_not_held_is_reported(page: str, finding: list[str]):
    assert findings(page, ["tree", "one", "two"]) == finding
