"""The front door that SES Mail Manager is: mail that it took becomes an envelope."""
