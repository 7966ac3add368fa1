"""Credentials, envelopes and deliveries."""
