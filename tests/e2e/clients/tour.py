"""Every call of the API once, whichever client makes it."""

import base64
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests

from local.cloud import REPOSITORY
from local.endpoints import Endpoints
from tests.e2e import conversation

type Operation = tuple[str, str]

DOCUMENT = REPOSITORY / "docs" / "openapi.json"


class Ask(Protocol):
    """A client: it makes a call that succeeds, and hands out the answer's data, or the results in that."""

    def __call__(self, endpoint: str, fields: dict[str, object], method: str = "POST") -> Any:  # noqa: ANN401
        ...


def client(found: Endpoints, key: str) -> Ask:
    """A client without a package of its own."""

    def ask(endpoint: str, fields: dict[str, object], method: str = "POST") -> Any:  # noqa: ANN401
        answer = requests.request(
            method,
            f"{found.api_url}/{endpoint}",
            data=json.dumps(fields),
            headers={"X-Smtp2go-Api-Key": key},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()["data"]

    return ask


def documented() -> set[Operation]:
    """The method and the endpoint of every call."""
    paths = json.loads(DOCUMENT.read_text())["paths"]
    return {
        (method.upper(), path.removeprefix("/v3/"))
        for path, operations in paths.items()
        for method in operations
    }


@dataclass
class Tour:
    """A way through all calls, which remembers those that it made."""

    found: Endpoints
    ask: Ask
    patches: bool
    made: set[Operation] = field(default_factory=set)

    def go(self) -> None:
        self._manage_smtp_users()
        self._manage_ip_addresses()
        self._manage_api_keys()
        self._manage_webhooks()
        self._manage_notifications()
        recipient = conversation.somebody()
        self._follow(self._send(recipient), recipient)
        self._count()

    def _manage_smtp_users(self) -> None:
        name = f"tour-{uuid.uuid4().hex[:12]}"

        (added,) = self._list("users/smtp/add", username=name, open_tracking_enabled=True)
        assert (added["username"], added["open_tracking_enabled"]) == (name, True)
        assert len(added["email_password"]) >= 8
        (edited,) = self._list("users/smtp/edit", username=name, description="a user")
        assert (edited["description"], edited["open_tracking_enabled"]) == ("a user", False)
        if self.patches:
            (patched,) = self._patch("users/smtp/edit", username=name, open_tracking_enabled=True)
            assert (patched["description"], patched["open_tracking_enabled"]) == ("a user", True)
        (seen,) = self._list("users/smtp/view", username=name)
        assert (seen["username"], seen["email_password"]) == (name, None)
        (removed,) = self._list("users/smtp/remove", username=name)
        assert removed["username"] == name
        assert name not in [user["username"] for user in self._list("users/smtp/view")]

    def _manage_ip_addresses(self) -> None:
        address = f"2001:db8::{secrets.token_hex(2)}:1{secrets.token_hex(1)}"

        (added,) = self._list("ip_auth/add", ip_address=address, description="an office")
        if self.patches:
            (patched,) = self._patch("ip_auth/edit", ip_address=address, open_tracking_enabled=True)
            assert (patched["description"], patched["open_tracking_enabled"]) == ("an office", True)
        (seen,) = self._list("ip_auth/view", ip_address=address)
        (removed,) = self._list("ip_auth/remove", ip_address=address)
        assert added["ip_address"] == seen["ip_address"] == removed["ip_address"]
        assert added["ip_address"] not in [known["ip_address"] for known in self._list("ip_auth/view")]

    def _manage_api_keys(self) -> None:
        assert self._call("api_keys/permissions") == ["*"]

        (added,) = self._list("api_keys/add", description="a key", endpoints=["/email/*"])
        key, name = added["api_key"], added["username"]
        assert key[:16] == name
        (edited,) = self._list("api_keys/edit", id=key, open_tracking_enabled=True)
        assert (edited["open_tracking_enabled"], edited["endpoints"]) == (True, ["/email/send"])
        if self.patches:
            (patched,) = self._patch("api_keys/edit", id=key, endpoints=["/stats/*"])
            assert (patched["open_tracking_enabled"], patched["endpoints"]) == (True, ["/stats/*"])
        (seen,) = self._list("api_keys/view", id=name)
        assert (seen["api_key"], seen["username"]) == (name + "*" * 20, name)
        (removed,) = self._list("api_keys/remove", id=key)
        assert removed["username"] == name
        assert self._list("api_keys/view", search=name) == []

    def _manage_webhooks(self) -> None:
        added = self._call(
            "webhook/add", url="https://example.com/hook", events=["click"], output_format="json"
        )
        assert isinstance(added["id"], int)
        assert added["secret"].startswith("whsec_")
        edited = self._call("webhook/edit", id=added["id"], auth_header_type="bearer", auth_header_value="x1")
        assert (edited["events"], edited["auth_header_type"]) == (["click"], "bearer")
        again = self._call("webhook/edit", id=added["id"], auth_header_type="basic", auth_header_value="a:b")
        assert (again["output_format"], again["auth_header_type"]) == ("json", "basic")
        assert again in self._list("webhook/view")
        assert self._call("webhook/enable", id=added["id"]) == again
        rotated = self._call("webhook/rotate_secret", id=added["id"])
        assert rotated["secret"] not in {added["secret"], ""}
        assert self._call("webhook/remove", id=added["id"]) == again
        assert added["id"] not in [known["id"] for known in self._list("webhook/view")]

    def _manage_notifications(self) -> None:
        """An endpoint whose name leads nowhere fails, so that there is something to retry."""
        number = self._call(
            "webhook/add", url=f"https://{uuid.uuid4().hex}.example.com/", events=["processed"]
        )["id"]

        self._call(
            "email/send", sender=conversation.SENDER, to=[conversation.somebody()], subject="x", text_body="x"
        )
        failed = conversation.until(
            lambda: self._call("webhook/failures", id=number)["notifications"], lambda found: len(found) > 0
        )
        assert {each["status"] for each in failed} == {"retrying"}
        name = failed[0]["notification_id"]
        assert self._call("webhook/retry", id=number, notification_ids=[name]) == {
            "retried": 1,
            "more": False,
        }
        tested = self._call("webhook/test", id=number, event="bounce")["notification_id"]
        (attempt,) = conversation.until(
            lambda: self._list("webhook/attempts", id=number, notification_id=tested),
            lambda found: len(found) == 1,
        )
        assert (attempt["event"], attempt["status"]) == ("bounce", None)
        assert attempt["error"]
        assert self._call("webhook/cancel", id=number, status="retrying")["cancelled"] >= 1
        self._call("webhook/remove", id=number)

    def _send(self, recipient: str) -> str:
        """Send in every way; the id of the recipient's mail."""
        mail = {
            "sender": conversation.SENDER,
            "to": [recipient],
            "subject": "A tour",
            "html_body": "<p>Hello</p>",
        }
        sent = self._call("email/send", **mail)
        assert (sent["succeeded"], sent["failed"], sent["failures"]) == (1, 0, [])

        raw = _raw(conversation.somebody())
        by_mime = self._call("email/mime", mime_email=base64.b64encode(raw).decode())
        batch = self._call("email/batch", emails=[mail | {"to": [conversation.somebody()]}] * 2)
        place = self._call("email/upload", size=len(raw))
        requests.put(place["url"], raw, timeout=30).raise_for_status()
        uploaded = self._call("email/mime", upload_id=place["upload_id"])
        ids = [
            sent["email_id"],
            by_mime["email_id"],
            uploaded["email_id"],
            *(one["email_id"] for one in batch),
        ]
        assert len(set(ids)) == 5
        return str(sent["email_id"])

    def _follow(self, email_id: str, recipient: str) -> None:
        conversation.until(
            lambda: conversation.events(self.found, recipient),
            lambda events: {event["event"] for event in events} == {"processed", "delivered"},
        )

        found = self._call(
            "activity/search",
            search_recipient=recipient,
            event_types=["delivered"],
            include_headers=True,
            custom_headers=["Subject"],
        )
        (delivered,) = found["events"]
        assert (delivered["email_id"], delivered["from"]) == (email_id, conversation.SENDER)
        assert delivered["custom_headers"] == {"Subject": "A tour"}
        assert "Subject: A tour" in delivered["headers"]
        assert len(self._call("activity/search", limit=1)["events"]) == 1
        timeline = self._call("activity/timeline", email_id=email_id, recipient=recipient)
        assert [event["event"] for event in timeline["events"]] == ["processed", "delivered"]
        assert self._call("opens/explain", user_agent="curl/8.0")["class"]

    def _count(self) -> None:
        for report in ("email_bounces", "email_spam", "email_unsubs"):
            assert self._call(f"stats/{report}")["emails"] >= 1
        cycle = self._call("stats/email_cycle")
        assert cycle["cycle_used"] + cycle["cycle_remaining"] == cycle["cycle_max"]
        summary = self._call("stats/email_summary")
        assert summary["email_count"] >= 1
        assert summary["cycle_max"] == cycle["cycle_max"]
        history = self._call("stats/email_history", group_by="domain")
        assert "shop.example.com" in [entry["domain"] for entry in history["history"]]
        opens = self._call("stats/opens")
        assert (len(opens["days"]), opens["domains_are_complete"]) == (30, True)
        assert sum(entry["sent"] for entry in opens["by_username"]) >= 1

    def _call(self, endpoint: str, **fields: object) -> Any:  # noqa: ANN401 - Whatever the call answers.
        self.made.add(("POST", endpoint))
        return self.ask(endpoint, fields)

    def _list(self, endpoint: str, **fields: object) -> list[dict[str, Any]]:
        data = self._call(endpoint, **fields)
        listed: list[dict[str, Any]] = data["results"] if isinstance(data, dict) else data
        return listed

    def _patch(self, endpoint: str, **fields: object) -> list[dict[str, Any]]:
        """The answer of an edit by PATCH is the bare list."""
        self.made.add(("PATCH", endpoint))
        listed: list[dict[str, Any]] = self.ask(endpoint, fields, "PATCH")
        return listed


def _raw(recipient: str) -> bytes:
    return f"From: {conversation.SENDER}\r\nTo: {recipient}\r\nSubject: raw\r\n\r\nplain\r\n".encode()
