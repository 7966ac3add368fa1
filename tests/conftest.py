"""What makes the tests quick."""

import functools

import botocore.session

# moto forgets boto3's session before each test, and a new one would read AWS's service models again.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
