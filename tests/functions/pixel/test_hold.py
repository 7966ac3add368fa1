"""Each hop waits for its step and goes on; whatever is wrong gets the image at once."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from functions.pixel import images
from functions.pixel.hold import handle
from tests.functions.conftest import Cloud
from tests.functions.pixel.cloudfront import AT, EMAIL_ID, events, hop_path, pixel_path, request
from tracking.mail import deliveries
from tracking.opens import reading
from tracking.opens.fetches import Fetch
from tracking.opens.reading import HOPS, Reading

IMAGE = images.image(images.RECORDED)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> Iterator[list[float]]:
    """Seconds slept; the clock stands at `AT` and goes on by them."""
    slept: list[float] = []
    traveller = time_machine.travel(AT, tick=False)
    travelling = traveller.start()
    cloud.keys.verifying()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        travelling.shift(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    yield slept
    traveller.stop()


@pytest.fixture
def timed(cloud: Cloud, delivery: deliveries.Delivery) -> None:
    fetch = Fetch("cf-1", AT, user_agent="x", reading=Reading())
    cloud.activity.append(delivery, deliveries.fetched(fetch))


def seen(cloud: Cloud) -> Reading | None:
    (event,) = events(cloud)
    assert event.fetch
    return event.fetch.reading


@pytest.mark.usefixtures("timed")
def test_the_first_hop_waits_a_step_and_sends_on_to_the_second(cloud: Cloud, clock: list[float]) -> None:
    answer = handle(request(hop_path(cloud, 1)), None)

    assert answer["statusCode"] == 302
    assert answer["headers"]["Location"] == hop_path(cloud, 2)
    assert clock == [5]
    assert seen(cloud) == Reading(0, AT)


@pytest.mark.usefixtures("timed")
def test_a_client_that_follows_to_the_end_has_read_for_six_steps_and_gets_the_image(
    cloud: Cloud, clock: list[float]
) -> None:
    path, followed = hop_path(cloud, 1), 0
    while (answer := handle(request(path), None))["statusCode"] == 302:
        path = answer["headers"]["Location"]
        followed += 1

    assert answer == IMAGE
    assert followed == HOPS - 1
    assert sum(clock) == 30
    assert reading.seconds(seen(cloud)) == 30


@pytest.mark.usefixtures("timed")
def test_what_the_network_takes_is_not_waited_for_once_more(cloud: Cloud, clock: list[float]) -> None:
    with time_machine.travel(AT + timedelta(seconds=6.5), tick=False):
        handle(request(hop_path(cloud, 2)), None)

    assert clock == [3.5]
    assert reading.seconds(seen(cloud)) == 5


@pytest.mark.usefixtures("timed")
def test_a_hop_that_is_asked_for_again_gets_the_image_and_proves_nothing(
    cloud: Cloud, clock: list[float]
) -> None:
    handle(request(hop_path(cloud, 1)), None)
    clock.clear()

    with time_machine.travel(AT + timedelta(seconds=1), tick=False):
        assert handle(request(hop_path(cloud, 1)), None) == IMAGE

    assert clock == []
    assert reading.seconds(seen(cloud)) == 0


@pytest.mark.usefixtures("timed")
@pytest.mark.parametrize("seconds", [-60, -2, 5.1, 60, 10**9])
def test_a_hop_at_the_wrong_time_gets_the_image_and_proves_nothing(
    cloud: Cloud, clock: list[float], seconds: float
) -> None:
    with time_machine.travel(AT + timedelta(seconds=seconds), tick=False):
        assert handle(request(hop_path(cloud, 1)), None) == IMAGE

    assert clock == []
    assert seen(cloud) == Reading()


@pytest.mark.usefixtures("timed")
def test_hops_out_of_order_prove_no_more_than_the_latest_of_them(cloud: Cloud) -> None:
    with time_machine.travel(AT + timedelta(seconds=10), tick=False):
        handle(request(hop_path(cloud, 3)), None)
    with time_machine.travel(AT + timedelta(seconds=10), tick=False):
        assert handle(request(hop_path(cloud, 2)), None) == IMAGE

    assert reading.seconds(seen(cloud)) == 10


@pytest.mark.usefixtures("timed")
@pytest.mark.parametrize(
    "path",
    ["/", "/h/", "/h/.gif", "/h/AAAA.gif", f"/h/{'A' * 5000}.gif", "/h/é.gif", f"/h/{'A' * 150}.gif"],
)
def test_anything_that_is_no_hop_gets_the_image(cloud: Cloud, clock: list[float], path: str) -> None:
    assert handle(request(path), None) == IMAGE
    assert handle(request(pixel_path(cloud)), None) == IMAGE
    assert clock == []
    assert seen(cloud) == Reading()


@pytest.mark.usefixtures("timed")
@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_only_an_image_that_is_wanted_is_timed(cloud: Cloud, clock: list[float], method: str) -> None:
    assert handle(request(hop_path(cloud, 1), method), None) == IMAGE
    assert clock == []


def test_a_hop_of_a_fetch_that_is_gone_gets_the_image(cloud: Cloud, clock: list[float]) -> None:
    assert handle(request(hop_path(cloud, 1)), None) == IMAGE
    assert clock == []
    assert cloud.stored_events() == []


@pytest.mark.usefixtures("timed")
def test_a_hop_of_a_fetch_that_is_not_timed_gets_the_image(cloud: Cloud) -> None:
    delivery = cloud.activity.delivery(EMAIL_ID, 1)
    assert delivery
    cloud.activity.append(delivery, deliveries.fetched(Fetch("cf-2", AT)))

    assert handle(request(hop_path(cloud, 1, "cf-2")), None) == IMAGE


@pytest.mark.usefixtures("timed")
@pytest.mark.parametrize("variable", ["ACTIVITY_TABLE", "PIXEL_KEYS_SECRET"])
def test_when_a_store_fails_the_client_gets_the_image_at_once(
    cloud: Cloud, clock: list[float], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    path = hop_path(cloud, 1)
    monkeypatch.setenv(variable, "missing")

    assert handle(request(path), None) == IMAGE
    assert clock == []


@pytest.mark.parametrize("event", [{}, {"rawPath": None}, {"rawPath": "/h/x.gif"}])
def test_an_event_of_another_shape_gets_the_image(event: dict[str, object]) -> None:
    assert handle(event, None) == IMAGE
