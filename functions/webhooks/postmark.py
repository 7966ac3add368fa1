"""What a webhook says of an event, in Postmark's fields: for programs that read Postmark's webhooks already.

Source: https://postmarkapp.com/developer/webhooks/webhooks-overview, and the models of Postmark's library for
JavaScript, which say what is a number.
"""

from collections.abc import Callable, Mapping

from tracking.mail.endpoints import WebhookEvent
from tracking.opens.clients import DESKTOP, MOBILE, TABLET

type Record = dict[str, object]
"""A webhook of Postmark's, ready for JSON."""

SERVER_ID = 1
"""What stands for the number of Postmark's server, of which there is only one here."""

_METADATA = (
    "id",
    "auth",
    "message-id",
    "geoip-continent",
    "open-class",
    "open-confidence",
    "open-reasons",
    "test",
)
_PLATFORMS = {DESKTOP: "Desktop", MOBILE: "Mobile", TABLET: "Mobile"}
_UNKNOWN = "unknown"


def translate(fields: Mapping[str, str], headers: Mapping[str, str]) -> Record | None:
    """What is said in SMTP2GO's fields, in Postmark's.

    Args:
        fields: SMTP2GO's, without those that are not known.
        headers: What the endpoint wants to be told of the mail's header. It becomes metadata, as do those
            fields that Postmark has none for.

    Returns:
        The record; None if Postmark has none for such an event.
    """
    describe = _RECORDS.get(fields["event"])
    if describe is None:
        return None
    told = {name: fields[name] for name in _METADATA if name in fields}
    return {
        **describe(fields),
        "MessageID": fields["email_id"],
        "ServerID": SERVER_ID,
        "MessageStream": "outbound",
        "Metadata": {**headers, **told},
    }


def _open(fields: Mapping[str, str]) -> Record:
    record: Record = {
        "RecordType": "Open",
        "Recipient": fields.get("rcpt", ""),
        "ReceivedAt": fields["time"],
        "FirstOpen": fields.get("first-open") == "true",
        "UserAgent": fields.get("user-agent", ""),
        "Client": _named(fields.get("client")),
        "OS": _named(fields.get("client-os")),
        "Platform": _PLATFORMS.get(fields.get("client-device", ""), "Unknown"),
        "Geo": {
            name: fields[field]
            for name, field in (
                ("CountryISOCode", "geoip-country"),
                ("City", "geoip-city"),
                ("IP", "srchost"),
            )
            if field in fields
        },
    }
    if "read-secs" in fields:
        record["ReadSeconds"] = int(fields["read-secs"])
    return record


def _named(name: str | None) -> dict[str, str]:
    """A client or a system as Postmark tells it, with its own word for what is not known."""
    return {"Name": name or _UNKNOWN, "Company": _UNKNOWN, "Family": name or _UNKNOWN}


def _delivery(fields: Mapping[str, str]) -> Record:
    return {
        "RecordType": "Delivery",
        "Recipient": fields.get("rcpt", ""),
        "DeliveredAt": fields["time"],
        "Details": fields.get("message", ""),
    }


def _bounce(fields: Mapping[str, str]) -> Record:
    if fields.get("bounce") == "hard":
        kind: Record = {
            "Type": "HardBounce",
            "TypeCode": 1,
            "Name": "Hard bounce",
            "Description": "The recipient's mail server refused the mail for good.",
        }
    else:
        kind = {
            "Type": "SoftBounce",
            "TypeCode": 4096,
            "Name": "Soft bounce",
            "Description": "The recipient's mail server refused the mail for now, and it is not sent again.",
        }
    return {"RecordType": "Bounce", **kind, **_returned(fields)}


def _spam_complaint(fields: Mapping[str, str]) -> Record:
    return {
        "RecordType": "SpamComplaint",
        "Type": "SpamComplaint",
        "TypeCode": 100_001,
        "Name": "Spam complaint",
        "Description": "The recipient called the mail spam.",
        **_returned(fields),
    }


def _returned(fields: Mapping[str, str]) -> Record:
    """What bounces and complaints have in common. Nothing here deactivates an address."""
    return {
        # A number, as Postmark's is, of so few bits that every JSON parser holds it.
        "ID": int(fields["id"][:13], 16),
        "Email": fields.get("rcpt", ""),
        "From": fields.get("from_address", ""),
        "Subject": fields.get("subject", ""),
        "BouncedAt": fields["time"],
        "Details": fields.get("message", ""),
        "Inactive": False,
        "CanActivate": False,
        "DumpAvailable": False,
    }


_RECORDS: dict[str, Callable[[Mapping[str, str]], Record]] = {
    WebhookEvent.OPEN: _open,
    WebhookEvent.DELIVERED: _delivery,
    WebhookEvent.BOUNCE: _bounce,
    WebhookEvent.SPAM: _spam_complaint,
}
