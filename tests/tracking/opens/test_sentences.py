import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from tests import strategies
from tracking.opens import rules
from tracking.opens.classification import Open, Sending, classify
from tracking.opens.fetches import Fetch
from tracking.opens.rules import Reason, Rule
from tracking.opens.sentences import SENTENCES, sentence

FETCH = Fetch("1", datetime(2026, 11, 24, tzinfo=UTC), user_agent="Thunderbird/140.0")


def opened(rule: Rule, fetch: Fetch = FETCH) -> Open:
    return Open((fetch,), rule.open_class, rule.confidence, rule.human_probability, rule.reasons)


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: "+".join(rule.reasons))
def test_every_rule_has_one_or_two_short_sentences(rule: Rule) -> None:
    said = sentence(opened(rule))

    assert 1 <= len(re.findall(r"[A-Za-z]\.(?= |$)", said)) <= 2
    assert len(said) <= 150
    assert "{" not in said


def test_no_sentence_is_left_over() -> None:
    assert SENTENCES.keys() == {(rule.open_class, rule.reasons[0]) for rule in rules.RULES}


@given(strategies.fetches)
def test_there_is_something_to_say_of_any_fetch(fetch: Fetch) -> None:
    for each in classify(Sending(), [fetch]):
        assert sentence(each).endswith(".")


def test_a_direct_open_names_the_client() -> None:
    (each,) = classify(Sending(), [FETCH])

    assert sentence(each) == "Opened in Thunderbird."


def test_a_client_without_a_name_is_described() -> None:
    fetch = replace(FETCH, user_agent="Dalvik/2.1.0")
    (each,) = classify(Sending(), [fetch])

    assert sentence(each) == "Opened in a mail program or browser."


def test_apples_prefetch_is_not_said_to_be_read_nor_unread() -> None:
    (each,) = classify(Sending(), [replace(FETCH, user_agent="Mozilla/5.0", asn=36183)])

    assert sentence(each) == (
        "Loaded by Apple's Mail Privacy Protection. Whether anybody read the mail cannot be known."
    )


def test_what_comes_too_fast_is_doubted() -> None:
    (each,) = classify(Sending(delivered_at=FETCH.at), [FETCH])

    assert Reason.TOO_FAST in each.reasons
    assert sentence(each) == (
        "Opened in Thunderbird. It came within seconds of delivery, which makes a person less likely."
    )
