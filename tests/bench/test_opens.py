from collections import Counter

from bench import opens
from tracking.opens.classification import classify
from tracking.opens.clients import client
from tracking.opens.rules import OpenClass

HISTORIES = opens.mixed_histories()


def test_the_histories_are_the_same_in_every_run() -> None:
    assert opens.mixed_histories() == HISTORIES


def test_the_histories_hold_many_user_agents_and_almost_all_classes() -> None:
    found = [opened for sending, fetches in HISTORIES for opened in classify(sending, fetches)]
    classes = Counter(opened.open_class for opened in found)

    assert len({opened.fetch.user_agent for opened in found}) > 500
    assert classes.keys() >= set(OpenClass) - {
        OpenClass.SENDER_SELF,
        OpenClass.UNCLASSIFIED,
        OpenClass.PROVIDER_PREFETCH,
    }
    assert max(classes.values()) < len(found) / 2


def test_what_is_forgotten_is_asked_again() -> None:
    call = opens.forgetful(HISTORIES[:10])

    assert client.cache_info().currsize == 0
    call()
    assert client.cache_info().currsize > 0
