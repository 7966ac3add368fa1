"""What is deployed: one folder is one job."""
