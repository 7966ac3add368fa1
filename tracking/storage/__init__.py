"""DynamoDB, S3, SQS and Secrets Manager."""
