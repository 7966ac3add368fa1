"""A receiver of webhooks that verifies and shows them."""

from local.sink.application import application

__all__ = ["application"]
