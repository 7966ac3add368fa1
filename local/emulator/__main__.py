"""Runs the emulator.

Beside ministack's own environment variables it knows these:

| variable | meaning |
|---|---|
| `MAILBOX_URL` | where accepted raw mail is posted to, at `/deliver`; not set: it goes nowhere |
| `IAM_LOG` | the file to which every decision about an IAM principal is appended; not set: no file |
"""

import os
from pathlib import Path

from ministack import app

from local.emulator import (
    batch_rights,
    bucket_deployments,
    evaluations,
    generated_secrets,
    issuers,
    raw_mail,
    secret_references,
    secure_transport,
    sending_rights,
    stream_records,
)

secret_references.close()
generated_secrets.close()
issuers.close()
bucket_deployments.close()
secure_transport.close()
stream_records.close()
sending_rights.close()
raw_mail.close(os.environ.get("MAILBOX_URL"))
if "IAM_LOG" in os.environ:
    evaluations.close(Path(os.environ["IAM_LOG"]))
batch_rights.close()
app.main()
