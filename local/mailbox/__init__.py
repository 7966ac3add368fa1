"""What SES sends, on one machine: every recipient's mail in one place, and SES's events about it."""

from local.mailbox.application import application

__all__ = ["application"]
