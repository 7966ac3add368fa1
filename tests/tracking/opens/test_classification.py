from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tests.tracking.opens.test_rules import ROWS
from tracking.opens import relay
from tracking.opens.classification import Open, Sending, classify
from tracking.opens.fetches import Fetch, Witness
from tracking.opens.reading import MAX_STEPS, Reading
from tracking.opens.rules import OpenClass, Reason

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_PREFETCH = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.14931; Pro)"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
NO_HEADERS: Mapping[str, str] = {}
IMAGE = {"accept": "image/avif,image/webp,*/*", "accept-language": "de", "sec-fetch-dest": "image"}

moments = st.integers(0, 300).map(lambda seconds: AT + timedelta(seconds=seconds))
any_time = st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-11))))
histories = st.lists(
    st.builds(
        Fetch,
        strategies.names,
        moments,
        st.sampled_from(["GET", "HEAD"]),
        st.sampled_from([row["user_agent"] for row in ROWS]) | st.text(),
        address=st.none() | st.sampled_from(["192.0.2.1", "198.51.100.2", "203.0.113.3", "2001:db8::4", "?"]),
        asn=st.none() | st.sampled_from([15169, 8075, 36183, 24940, 3320]),
        headers=st.sampled_from([{}, IMAGE]),
        witness=st.sampled_from(Witness),
        reading=st.none() | strategies.readings,
    ),
    unique_by=lambda fetch: fetch.event_id,
)
sendings = st.builds(
    Sending,
    delivered_at=st.none() | moments,
    address=st.none() | st.sampled_from(["192.0.2.1", "nowhere"]),
    quoted_at=st.none() | moments,
)
absurd = st.builds(
    Fetch,
    st.text(),
    any_time,
    st.text(),
    st.text() | st.text("Mozil/5.0 ();:,wvGeckoChrome", max_size=2000),
    address=st.none() | st.text() | st.ip_addresses().map(str),
    asn=st.none() | st.integers(),
    headers=st.dictionaries(
        st.sampled_from(["accept", "accept-language", "referer", "sec-fetch-dest", "sec-purpose"]), st.text()
    ),
    witness=st.sampled_from(Witness),
    reading=st.none() | strategies.readings,
)


def at(
    seconds: float,
    user_agent: str = THUNDERBIRD,
    *,
    address: str | None = "192.0.2.1",
    asn: int | None = 3320,
    headers: Mapping[str, str] = NO_HEADERS,
    witness: Witness = Witness.FUNCTION,
    reading: Reading | None = None,
) -> Fetch:
    moment = AT + timedelta(seconds=seconds)
    return Fetch(
        f"{seconds:09.3f}",
        moment,
        user_agent=user_agent,
        address=address,
        asn=asn,
        headers=headers,
        witness=witness,
        reading=reading,
    )


def classes(opens: Sequence[Open]) -> list[OpenClass]:
    return [opened.open_class for opened in opens]


def counts(opens: Sequence[Open]) -> list[int]:
    return [opened.count for opened in opens]


# Any history.


@given(sendings, histories)
def test_each_fetch_is_in_exactly_one_open(sending: Sending, fetches: list[Fetch]) -> None:
    opens = classify(sending, fetches)

    inside = [fetch for opened in opens for fetch in opened.fetches]
    assert sorted(map(id, inside)) == sorted(map(id, fetches))


@given(sendings, histories)
def test_opens_are_in_order_of_time_and_so_are_their_fetches(sending: Sending, fetches: list[Fetch]) -> None:
    opens = classify(sending, fetches)

    for ordered in ([opened.fetch for opened in opens], *(opened.fetches for opened in opens)):
        assert [*ordered] == sorted(ordered, key=lambda fetch: (fetch.at, fetch.event_id))


@given(sendings, histories.flatmap(lambda history: st.tuples(st.just(history), st.permutations(history))))
def test_the_meaning_does_not_depend_on_the_order_of_the_fetches(
    sending: Sending, orders: tuple[list[Fetch], list[Fetch]]
) -> None:
    fetches, shuffled = orders

    assert classify(sending, shuffled) == classify(sending, fetches)


@given(sendings, histories)
def test_an_open_says_how_sure_it_is_and_why(sending: Sending, fetches: list[Fetch]) -> None:
    for opened in classify(sending, fetches):
        assert opened.reasons
        assert len(set(opened.reasons)) == len(opened.reasons)
        assert 0 <= opened.confidence <= 1
        assert opened.human_probability is None or 0 <= opened.human_probability <= 1


@given(st.builds(Sending, st.none() | any_time, st.text(), any_time), st.lists(absurd))
def test_nothing_is_too_absurd_to_be_classified(sending: Sending, fetches: list[Fetch]) -> None:
    opens = classify(sending, fetches)

    assert sum(counts(opens)) == len(fetches)


def test_every_reason_is_given_to_some_fetch() -> None:
    by_rules = {reason for row in ROWS for reason in row["reasons"]}

    (opened,) = classify(Sending(delivered_at=AT), [at(0, witness=Witness.ACCESS_LOG)])

    assert by_rules | {*opened.reasons} == set(Reason)


# What is known around a fetch.


def test_the_senders_own_address_is_the_sender() -> None:
    opens = classify(Sending(address="192.0.2.1"), [at(0), at(100, address="192.0.2.2")])

    assert classes(opens) == [OpenClass.SENDER_SELF, OpenClass.DIRECT_OPEN]


def test_an_address_is_the_senders_however_it_is_written() -> None:
    (opened,) = classify(Sending(address="2001:0db8:0::1"), [at(0, address="2001:db8::1")])

    assert opened.reasons == (Reason.SELF_NETWORK,)


def test_what_is_no_address_is_nobodys() -> None:
    (opened,) = classify(Sending(address="nowhere"), [at(0, address="nowhere")])

    assert opened.open_class is OpenClass.DIRECT_OPEN


def test_a_relays_list_that_was_shipped_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shipped = tmp_path / "relay.ranges"
    shipped.write_bytes(relay.compile_ranges(["198.51.100.0/24"]))
    monkeypatch.setattr(relay, "SHIPPED", shipped)

    listed = at(0, "Mozilla/5.0", address="198.51.100.7", asn=None)
    missed = at(100, "Mozilla/5.0", address="203.0.113.7", asn=36183)
    elsewhere = at(200, "Mozilla/5.0", address="192.0.2.7")

    assert [opened.reasons for opened in classify(Sending(), [listed, missed, elsewhere])] == [
        (Reason.APPLE_MPP_UA, Reason.APPLE_RELAY_IP),
        (Reason.APPLE_MPP_UA, Reason.RELAY_ASN),
        (Reason.BARE_MOZILLA_EYEBALL,),
    ]


def test_a_crawler_of_the_public_list_is_a_bot() -> None:
    googlebot = CHROME.replace("like Gecko", "like Gecko; compatible; Googlebot/2.1")

    assert classes(classify(Sending(), [at(0, googlebot)])) == [OpenClass.BOT]


@pytest.mark.parametrize(
    ("seconds", "probability", "is_too_fast"),
    [
        (-3, 0.96, False),
        (-2, 0.288, True),
        (0, 0.288, True),
        (1.999, 0.288, True),
        (2, 0.576, True),
        (9.999, 0.576, True),
        (10, 0.96, False),
    ],
)
def test_a_person_is_less_likely_just_after_delivery(
    seconds: float, probability: float, is_too_fast: bool
) -> None:
    (opened,) = classify(Sending(delivered_at=AT), [at(seconds)])

    assert opened.open_class is OpenClass.DIRECT_OPEN
    assert opened.human_probability == probability
    assert (Reason.TOO_FAST in opened.reasons) is is_too_fast


def test_where_the_delivery_is_not_known_no_fetch_is_too_fast() -> None:
    (opened,) = classify(Sending(), [at(0)])

    assert opened.reasons == (Reason.MAIL_APP_UA,)


def test_what_cannot_be_known_stays_so_just_after_delivery() -> None:
    (opened,) = classify(Sending(delivered_at=AT), [at(0, "Mozilla/5.0", asn=36183)])

    assert opened.human_probability is None
    assert Reason.TOO_FAST not in opened.reasons


def test_microsofts_network_is_a_filter_at_first_and_later_a_proxy() -> None:
    opens = classify(Sending(delivered_at=AT), [at(20, CHROME, asn=8075), at(300, CHROME, asn=8075)])

    assert [opened.reasons for opened in opens] == [(Reason.MS_NET_EARLY,), (Reason.MS_IMAGE_PROXY,)]


def test_what_only_the_access_log_saw_says_so() -> None:
    (opened,) = classify(Sending(), [at(0, GMAIL, asn=None, witness=Witness.ACCESS_LOG)])

    assert opened.reasons == (Reason.GMAIL_PROXY, Reason.ACCESS_LOG_ONLY)
    assert opened.open_class is OpenClass.PROXIED_OPEN


# Bursts.


def burst(*seconds: float, user_agent: str = CHROME) -> list[Fetch]:
    """Fetches, each from a network of its own."""
    return [
        at(second, user_agent, address=f"198.51.{100 + number}.1", headers=IMAGE)
        for number, second in enumerate(seconds)
    ]


def test_three_networks_within_two_minutes_are_a_filter_from_the_first_fetch_on() -> None:
    opens = classify(Sending(), burst(0, 60, 120))

    assert [opened.reasons for opened in opens] == [(Reason.BURST_NETWORKS,)] * 3


def test_three_networks_within_more_than_two_minutes_are_readers() -> None:
    opens = classify(Sending(), burst(0, 60, 120.001))

    assert classes(opens) == [OpenClass.DIRECT_OPEN] * 3


def test_two_networks_are_no_burst_however_often_they_ask() -> None:
    fetches = [
        at(second, CHROME, address=f"{network}.{second}")
        for second in range(1, 100)
        for network in ("198.51.100", "203.0.113")
    ]

    assert OpenClass.SECURITY_SCAN not in classes(classify(Sending(), fetches))


def test_networks_of_ipv6_are_their_first_48_bits() -> None:
    same = [at(second, CHROME, address=f"2001:db8:1:{second}::1") for second in (1, 2, 3)]
    others = [at(second, CHROME, address=f"2001:db8:{second}::1") for second in (1, 2, 3)]

    assert classes(classify(Sending(), same)) == [OpenClass.DIRECT_OPEN]
    assert classes(classify(Sending(), others)) == [OpenClass.SECURITY_SCAN] * 3


def test_a_burst_is_what_lies_within_two_minutes_and_not_what_lies_around() -> None:
    opens = classify(Sending(), burst(0, 200, 250, 300, 500))

    assert classes(opens) == [
        OpenClass.DIRECT_OPEN,
        OpenClass.SECURITY_SCAN,
        OpenClass.SECURITY_SCAN,
        OpenClass.SECURITY_SCAN,
        OpenClass.DIRECT_OPEN,
    ]


def test_bursts_may_overlap() -> None:
    opens = classify(Sending(), burst(0, 60, 120, 180, 240))

    assert classes(opens) == [OpenClass.SECURITY_SCAN] * 5


def test_a_fetch_without_an_address_makes_no_burst_but_is_part_of_one() -> None:
    unknown = [at(second, CHROME, address=None, asn=None) for second in (1, 2, 3)]
    opens = classify(Sending(), [*burst(0, 60, 120), *unknown])

    assert classes(classify(Sending(), unknown)) == [OpenClass.DIRECT_OPEN]
    assert set(classes(opens)) == {OpenClass.SECURITY_SCAN}


def test_who_says_what_it_is_takes_no_part_in_a_burst() -> None:
    proxies = burst(1, 2, 3, user_agent=YAHOO)
    opens = classify(Sending(), [*proxies, at(4, CHROME)])

    assert classes(opens) == [OpenClass.PROXIED_OPEN, OpenClass.DIRECT_OPEN]
    assert counts(opens) == [3, 1]


# Pixels that a later mail quotes.


def test_after_a_quotation_a_new_network_may_be_somebody_elses() -> None:
    sending = Sending(quoted_at=AT + timedelta(hours=1))
    fetches = [at(0), at(4000), at(5000, address="203.0.113.9"), at(6000, address=None)]

    opens = classify(sending, fetches)

    assert classes(opens) == [
        OpenClass.DIRECT_OPEN,
        OpenClass.DIRECT_OPEN,
        OpenClass.UNCLASSIFIED,
        OpenClass.UNCLASSIFIED,
    ]
    assert opens[2].reasons == (Reason.QUOTED_PIXEL,)
    assert opens[2].human_probability is None


def test_a_network_that_came_after_the_quotation_stays_new() -> None:
    sending = Sending(quoted_at=AT)

    opens = classify(sending, [at(0), at(1000)])

    assert classes(opens) == [OpenClass.UNCLASSIFIED] * 2


def test_a_quotation_changes_nothing_of_a_proxy() -> None:
    opens = classify(Sending(quoted_at=AT), [at(0, GMAIL, asn=15169), at(1, GMAIL_PREFETCH, asn=15169)])

    assert classes(opens) == [OpenClass.PROXIED_OPEN, OpenClass.PROVIDER_PREFETCH]


# Repetitions.


def test_what_a_proxy_asks_for_four_times_is_one_open() -> None:
    fetches = [
        at(second, YAHOO, asn=asn, address=f"203.0.{second}.1")
        for second, asn in ((0, 36647), (20, 10310), (40, 36646), (60, 36647))
    ]

    (opened,) = classify(Sending(), fetches)

    assert opened.fetches == tuple(fetches)
    assert (opened.fetch, opened.at, opened.count) == (fetches[0], AT, 4)


def test_a_minute_is_counted_from_the_first_fetch() -> None:
    opens = classify(Sending(), [at(0), at(50), at(60), at(61), at(100)])

    assert counts(opens) == [3, 2]


def test_the_same_from_elsewhere_is_another_open() -> None:
    opens = classify(Sending(), [at(0), at(1, address="203.0.113.9"), at(2, address="192.0.2.200")])

    assert counts(opens) == [2, 1]


def test_a_proxy_that_only_the_log_saw_at_first_repeats_by_its_name() -> None:
    throttled = at(0, GMAIL, asn=None, address="66.249.82.1", witness=Witness.ACCESS_LOG)

    assert counts(classify(Sending(), [throttled, at(1, GMAIL, asn=15169)])) == [2]


def test_another_class_from_the_same_network_is_another_open() -> None:
    opens = classify(Sending(), [at(0, GMAIL_PREFETCH, asn=15169), at(5, GMAIL, asn=15169)])

    assert classes(opens) == [OpenClass.PROVIDER_PREFETCH, OpenClass.PROXIED_OPEN]


def test_without_an_address_the_number_of_the_network_decides() -> None:
    opens = classify(Sending(), [at(0, address=None), at(1, address=None), at(2, address=None, asn=3303)])

    assert counts(opens) == [2, 1]


def test_where_nothing_is_known_of_the_network_the_user_agent_has_to_be_the_same() -> None:
    fetches = [
        at(0, CHROME, address=None, asn=None),
        at(1, CHROME, address=None, asn=None),
        at(2, FIREFOX, address=None, asn=None),
        at(3, FIREFOX),
    ]

    assert counts(classify(Sending(), fetches)) == [2, 1, 1]


def test_who_closed_the_mail_and_asks_again_has_opened_it_again() -> None:
    closed, again = at(0, reading=Reading(steps=1)), at(10.001, reading=Reading(steps=6))

    assert counts(classify(Sending(), [closed, again])) == [1, 1]


@pytest.mark.parametrize(
    "first",
    [
        at(0, reading=Reading(steps=2)),
        at(0, reading=Reading(steps=None)),
        at(0, reading=Reading(steps=MAX_STEPS)),
        at(0),
    ],
    ids=["still open", "not measured", "its end not seen", "not timed"],
)
def test_who_may_still_have_the_mail_open_has_not_opened_it_again(first: Fetch) -> None:
    assert counts(classify(Sending(), [first, at(15)])) == [2]


def test_a_reading_whose_end_nobody_saw_goes_on() -> None:
    assert counts(classify(Sending(), [at(0, reading=Reading(steps=MAX_STEPS)), at(59)])) == [2]


def test_a_repetition_that_goes_on_keeps_the_mail_open() -> None:
    fetches = [at(0, reading=Reading(steps=1)), at(4, reading=Reading(steps=4)), at(25)]

    assert counts(classify(Sending(), fetches)) == [3]


# Reading.


def test_the_time_of_reading_is_that_of_the_first_fetch_that_was_measured() -> None:
    fetches = [
        at(0, reading=Reading()),
        at(1, reading=Reading(steps=2, milliseconds=12_345)),
        at(2, reading=Reading(steps=5, milliseconds=27_000)),
    ]

    (opened,) = classify(Sending(), fetches)

    assert (opened.read_seconds, opened.read_milliseconds) == (10, 12_345)


def test_what_was_not_measured_has_no_time_of_reading() -> None:
    for fetch in (at(0), at(0, reading=Reading())):
        (opened,) = classify(Sending(), [fetch])
        assert (opened.read_seconds, opened.read_milliseconds) == (None, None)


def test_a_machine_that_follows_redirects_reads_nothing() -> None:
    (opened,) = classify(Sending(), [at(0, CHROME, asn=24940, reading=Reading(steps=6, milliseconds=30_000))])

    assert opened.open_class is OpenClass.SECURITY_SCAN
    assert (opened.read_seconds, opened.read_milliseconds) == (None, None)


# Evidence of a person.


@pytest.mark.parametrize(
    ("fetch", "is_evidence"),
    [
        (at(100), True),
        (at(0), False),
        (at(100, GMAIL, asn=15169), True),
        (at(2, GMAIL, asn=15169), True),
        (at(0, GMAIL, asn=15169), False),
        (at(100, GMAIL_PREFETCH, asn=15169), False),
        (at(100, "Mozilla/5.0", asn=36183), False),
        (at(100, "Mozilla/5.0"), True),
        (at(100, "curl/8.5.0"), False),
        (at(100, "what?"), False),
    ],
)
def test_an_open_is_evidence_of_a_person_if_one_is_likelier_than_not(fetch: Fetch, is_evidence: bool) -> None:
    (opened,) = classify(Sending(delivered_at=AT), [fetch])

    assert opened.is_human_evidence is is_evidence


def test_outlook_on_a_desktop_is_a_person() -> None:
    (opened,) = classify(Sending(), [at(0, OUTLOOK)])

    assert opened.is_human_evidence
    assert opened.reasons == (Reason.MAIL_APP_UA,)
