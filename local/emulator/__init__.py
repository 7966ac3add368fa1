"""ministack, with those of its gaps closed that this project's template and mail meet.

It runs in a virtual environment of its own (`local/cloud-requirements.txt`), where nothing but ministack,
boto3 and the standard library can be imported. One module is one gap; `tests/local/test_emulator.py` fails
when ministack closes it itself, and then the module is deleted.

| module | without it |
|---|---|
| `secret_references` | `Ref` of a secret is its name |
| `generated_secrets` | a generated secret holds the punctuation that it must not |
| `issuers` | a user pool has no `ProviderURL`, which a JWT authorizer needs |
| `bucket_deployments` | `Custom::CDKBucketDeployment` fails: its function needs a layer; none is mounted |
| `secure_transport` | policies that ask for TLS refuse everybody |
| `stream_records` | after a restart nothing reaches the consumers of a stream any more |
| `sending_rights` | sending mail is authorised on `*`, and as `ses:SendEmail` even when it is raw |
| `batch_rights` | sending a batch to a queue is authorised as `sqs:SendMessageBatch`, which does not exist |
| `raw_mail` | raw mail is rebuilt before it goes out, and only SMTP could receive it |
| `evaluations` | nobody can see which rights the functions used |
"""
