"""The arithmetic of the business case against calculations by hand."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from facepersona_core.errors import RequestInvalid
from facepersona_core.report.decision import Thresholds
from facepersona_core.report.parameters import load_parameters, parameters
from facepersona_core.report.roi import (
    NUMBERS,
    Assumptions,
    assumptions,
    cost,
    payback,
    stages,
    turning_acceptance,
    turning_price,
)
from facepersona_core.report.spans import Span

GIVEN = Assumptions(
    price_per_hour=3.6,
    review_per_hour=36.0,
    review_seconds=10.0,
    today_cost=2.2,
    pictures_per_month=100.0,
    setup_cost=1000.0,
)
HALF = Span(0.5, 0.25, 0.8)


def test_cost_of_an_accepted_picture_by_hand() -> None:
    # 2 s at 3.6 an hour are 0.002; 10 s of review at 36 an hour are 0.1; one in two is accepted.
    found = cost(2.0, HALF, GIVEN)
    assert found.made == pytest.approx(0.102)
    assert found.machine == Span(pytest.approx(0.004), pytest.approx(0.0025), pytest.approx(0.008))  # type: ignore[arg-type]
    assert found.accepted == Span(pytest.approx(0.204), pytest.approx(0.1275), pytest.approx(0.408))  # type: ignore[arg-type]


def test_a_rate_that_may_be_zero_has_a_cost_without_limit() -> None:
    assert cost(2.0, Span(0.1, 0.0, 0.4), GIVEN).accepted.high == inf
    assert cost(2.0, Span(0.0), GIVEN).accepted == Span(inf)


def test_payback_by_hand() -> None:
    # 2.2 - 0.2 = 2 saved a picture: 500 pictures earn 1000 back, in 5 months; 12 x 100 x 2 - 1000 in the first year.
    found = payback(Span(0.2, 0.1, 0.4), GIVEN)
    assert found.saving == Span(pytest.approx(2.0), pytest.approx(1.8), pytest.approx(2.1))  # type: ignore[arg-type]
    assert found.break_even.value == pytest.approx(500.0)
    assert (found.break_even.low, found.break_even.high) == (pytest.approx(1000 / 2.1), pytest.approx(1000 / 1.8))
    assert found.months.value == pytest.approx(5.0)
    assert found.first_year.value == pytest.approx(1400.0)
    assert found.first_year.low == pytest.approx(12 * 100 * 1.8 - 1000)


def test_nothing_saved_never_breaks_even() -> None:
    found = payback(Span(3.0, 2.0, 4.0), GIVEN)
    assert found.break_even == Span(inf, pytest.approx(5000.0), inf)  # type: ignore[arg-type]
    assert found.first_year.value < 0
    assert payback(Span(0.2), replace(GIVEN, pictures_per_month=0.0)).months.value == inf


def test_turning_points_cost_what_today_costs() -> None:
    share = turning_acceptance(0.11, GIVEN)
    assert share == pytest.approx(0.05)
    assert turning_acceptance(9.0, GIVEN) is None
    price = turning_price(2.0, 0.5, GIVEN)
    assert price is not None
    at = replace(GIVEN, price_per_hour=price)
    assert cost(2.0, Span(0.5), at).accepted.value == pytest.approx(GIVEN.today_cost)
    assert turning_price(2.0, 0.01, GIVEN) is None


def test_stages_are_shares_of_the_planned_pictures() -> None:
    found = stages(Span(0.2, 0.1, inf), GIVEN)
    assert [(stage.key, stage.pictures) for stage in found] == [("poc", 5.0), ("team", 25.0), ("company", 100.0)]
    assert found[2].cost == Span(pytest.approx(20.0), pytest.approx(10.0), inf)  # type: ignore[arg-type]
    assert found[2].today == pytest.approx(220.0)


def test_what_was_given_is_told_from_placeholders() -> None:
    found = assumptions({"today_cost": 12, "currency": "EUR"})
    assert found.given == {"today_cost", "currency"} and found.today_cost == 12
    assert assumptions({}).given == frozenset()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"today_cots": 1.0}, "today_cots"),
        ({"setup_cost": -1.0}, "setup_cost"),
        ({"setup_cost": float("nan")}, "nan"),
        ({"review_seconds": "10"}, "'10'"),
        ({"currency": ""}, "currency"),
        ({"pictures_per_month": True}, "True"),
    ],
)
def test_impossible_assumptions_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestInvalid, match=said):
        assumptions(values)


def test_the_file_in_the_documents_holds_the_defaults() -> None:
    page = (Path(__file__).parents[2] / "docs" / "getting-started.md").read_text("utf-8")
    (shown,) = re.findall(r"```ini\n(.*?)```", page, re.S)
    found = parameters(tomllib.loads(shown))
    assert replace(found.roi, given=frozenset()) == Assumptions() and found.gates == Thresholds()
    assert found.roi.given == {*NUMBERS, "currency"} and found.method == "face2diffusion"


def test_parameters_from_a_file_with_prices_over_it(tmp_path: Path) -> None:
    path = tmp_path / "report.toml"
    path.write_text(
        'method = "dreambooth"\n[roi]\ntoday_cost = 5\nsetup_cost = 1\n[gates]\nacceptable = 0.6\n', "utf-8"
    )
    found = load_parameters(path, {"today_cost": 9.0, "setup_cost": None})
    assert (found.method, found.roi.today_cost, found.roi.setup_cost) == ("dreambooth", 9.0, 1)
    assert found.gates.acceptable == 0.6
    path.write_text("[roi", "utf-8")
    with pytest.raises(RequestInvalid, match="TOML"):
        load_parameters(path, {})
    for table in ({"prices": {}}, {"roi": 3}, {"gates": {"acceptable": 2}}, {"gates": {"colour": 1}}):
        with pytest.raises(RequestInvalid):
            parameters(table)
