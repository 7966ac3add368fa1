"""How it is deployed: the CDK application."""
