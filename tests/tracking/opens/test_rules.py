import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.opens import clients, rules
from tracking.opens.fetches import Fetch, Witness
from tracking.opens.networks import Kind, Network, network
from tracking.opens.rules import Agent, OpenClass, Reason, Rule, Sighting

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
ROWS: list[dict[str, Any]] = json.loads((ROOT / "tests/data/fetches.json").read_text())["fetches"]
PROXIES = (
    Reason.YAHOO_PROXY,
    Reason.HEY_PROXY,
    Reason.FASTMAIL_PROXY,
    Reason.SEZNAM_PROXY,
    Reason.RAMBLER_PROXY,
    Reason.UKRNET_PROXY,
)
TIMED = {Reason.MAIL_APP_UA, Reason.BROWSER_IMAGE_HEADERS, Reason.BROWSER_UA}

sightings = st.builds(
    Sighting,
    strategies.fetches,
    st.sampled_from(Agent),
    st.none() | st.builds(Network, st.integers(), st.text(), st.sampled_from(Kind)),
    is_relay=st.none() | st.booleans(),
    age=st.none() | st.timedeltas(),
)


def seen(row: dict[str, Any]) -> Sighting:
    fetch = fetch_of(row)
    return Sighting(
        fetch,
        rules.agent(fetch.user_agent),
        network(fetch.asn),
        is_relay=row.get("is_relay"),
        is_crawler=clients.is_crawler(fetch.user_agent),
        is_from_sender=row.get("is_from_sender", False),
        is_stranger=row.get("is_stranger", False),
        in_burst=row.get("in_burst", False),
        age=timedelta(seconds=row["age"]) if "age" in row else None,
    )


def fetch_of(row: dict[str, Any]) -> Fetch:
    return Fetch(
        "1",
        AT,
        row.get("method", "GET"),
        row["user_agent"],
        asn=row["asn"],
        headers=row.get("headers", {}),
        witness=Witness(row.get("witness", Witness.FUNCTION)),
    )


def row_of(rule: Rule) -> str:
    """The end of the rule's row in the documentation."""
    human = "null" if rule.human_probability is None else f"{rule.human_probability:g}"
    reasons = ", ".join(f"`{reason}`" for reason in rule.reasons)
    return f"| `{rule.open_class}` | {rule.confidence:g} | {human} | {reasons} |"


def is_alone(row: dict[str, Any]) -> bool:
    """Whether what is known of the row is in the fetch itself."""
    return not {"age", "in_burst", "is_from_sender", "is_relay", "is_stranger"} & row.keys()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_fetch_means_what_was_published_of_it(row: dict[str, Any]) -> None:
    rule = rules.rule_for(seen(row))

    assert rule.open_class == row["class"]
    assert list(rule.reasons) == row["reasons"]
    assert rule.confidence == row["confidence"]
    assert rule.human_probability == row["human_probability"]


def test_every_row_names_its_source() -> None:
    assert [row["name"] for row in ROWS if not row["source"]] == []


def test_every_rule_is_reached_by_a_row() -> None:
    reached = {id(rules.rule_for(seen(row))) for row in ROWS}

    assert [rule.reasons for rule in rules.RULES if id(rule) not in reached] == []


def test_the_documentation_has_every_rule_in_its_order() -> None:
    page = (ROOT / "docs/opens.md").read_text()
    proxies = [rule for rule in rules.RULES if rule.reasons[0] in PROXIES]

    rows = [row_of(rule) for rule in rules.RULES if rule not in proxies]
    places = [page.find(row) for row in rows]

    assert [row for row, place in zip(rows, places, strict=True) if place < 0] == []
    assert places == sorted(places)
    assert f"with 0.8 | `proxied_open` | 0.95 | 0.9 | {', '.join(f'`{name}`' for name in PROXIES)} |" in page
    assert {(rule.confidence, rule.human_probability) for rule in proxies} == {(0.95, 0.9), (0.8, 0.9)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_mail_program_stays_one_even_if_a_list_calls_it_a_crawler(row: dict[str, Any]) -> None:
    sighting = seen(row)

    if sighting.agent not in rules.MAYBE_CRAWLERS:
        assert Reason.BOT_UA not in rules.rule_for(sighting).reasons


@pytest.mark.parametrize(
    "user_agent",
    [part for named, parts in rules.NAMES if named is Agent.MAIL_APP for part in parts],
)
def test_a_mail_program_that_names_itself_is_a_person_whatever_the_lists_say(user_agent: str) -> None:
    fetch = Fetch("1", AT, user_agent=user_agent)

    rule = rules.rule_for(Sighting(fetch, rules.agent(user_agent), is_crawler=True))

    assert rule.open_class is OpenClass.DIRECT_OPEN


@pytest.mark.parametrize("row", [row for row in ROWS if is_alone(row)], ids=lambda row: row["name"])
def test_only_a_readers_own_program_is_timed(row: dict[str, Any]) -> None:
    # That a crawler is one is not looked up: it answers as it likes, and nobody reads its reading.
    is_expected = row["class"] == OpenClass.DIRECT_OPEN and TIMED.issuperset(row["reasons"])

    if row["class"] != OpenClass.BOT:
        assert rules.is_timeable(fetch_of(row)) is is_expected


@pytest.mark.parametrize("user_agent", [*rules.WHOLE_NAMES] + [parts[0] for _, parts in rules.NAMES[:8]])
@pytest.mark.parametrize("asn", [None, 15169, 8075, 36183, 36647, 3320])
def test_a_proxy_or_prefetch_is_never_timed(user_agent: str, asn: int | None) -> None:
    assert not rules.is_timeable(Fetch("1", AT, user_agent=user_agent, asn=asn))


@pytest.mark.parametrize("method", ["HEAD", "POST", "", "get"])
def test_only_a_get_is_timed(method: str) -> None:
    assert rules.is_timeable(Fetch("1", AT, user_agent="Thunderbird/140.0"))
    assert not rules.is_timeable(Fetch("1", AT, method, "Thunderbird/140.0"))


@given(sightings)
def test_whatever_is_seen_a_rule_fits(sighting: Sighting) -> None:
    rule = rules.rule_for(sighting)

    assert rule is next(rule for rule in rules.RULES if rule.matches(sighting))
    assert rule.reasons
    assert 0 <= rule.confidence <= 1
    assert rule.human_probability is None or 0 <= rule.human_probability <= 1


@given(strategies.fetches)
def test_whether_to_time_can_be_asked_of_any_fetch(fetch: Fetch) -> None:
    assert rules.is_timeable(fetch) in {True, False}


def test_the_rules_load_no_list_of_crawlers() -> None:
    # The pixel function imports them, and its start is waited for.
    loaded = "import sys, tracking.opens.rules; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603

    modules = set(found.stdout.split())
    assert not modules & {"tracking.opens.clients", "crawleruseragents", "ua_parser"}
