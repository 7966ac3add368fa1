"""Outgoing mail: rewritten, sent, and what SES says became of it."""
