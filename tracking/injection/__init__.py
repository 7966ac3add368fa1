"""Putting a pixel into a message, byte for byte.

`mime` finds the part; `charsets` makes it readable, `markup` reads it and `html` chooses the place in it;
`encodings` splices the tag in there; `plans` puts them together.
"""

from tracking.injection.encodings import TransferEncoding
from tracking.injection.headers import without_headers
from tracking.injection.html import Placement
from tracking.injection.plans import Plan, Untouched, plan
from tracking.injection.reasons import Reason

__all__ = ["Placement", "Plan", "Reason", "TransferEncoding", "Untouched", "plan", "without_headers"]
