"""The SMTP front door: `python -m gateway` takes mail from SMTP users and authenticated IP addresses."""
