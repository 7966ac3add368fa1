"""What becomes of a mail, by the address that it is sent to.

Source: SES developer guide, "Using the mailbox simulator". It does not say how an answer from `ooto` is
published; users of it report a bounce, Transient and General.
"""

from enum import StrEnum

SIMULATOR = "simulator.amazonses.com"


class Scenario(StrEnum):
    """A mailbox of SES's simulator. Every other address behaves like `success`."""

    SUCCESS = "success"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    OUT_OF_OFFICE = "ooto"
    SUPPRESSED = "suppressionlist"

    @property
    def is_delivered(self) -> bool:
        """Whether the recipient's server accepts the mail."""
        return self not in {Scenario.BOUNCE, Scenario.SUPPRESSED}


def scenario(recipient: str) -> Scenario:
    """The scenario that an address plays; it may carry a label, as in `bounce+label@`."""
    local_part, _, domain = recipient.lower().rpartition("@")
    mailbox = local_part.partition("+")[0]
    return Scenario(mailbox) if domain == SIMULATOR and mailbox in Scenario else Scenario.SUCCESS
