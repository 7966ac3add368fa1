"""The SMTP front door."""
