"""The CDK app. The CLI runs it, and so can `python -m infra.app`, with CDK_OUTDIR and CDK_CONTEXT_JSON."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App

from infra.configuration import Configuration, InvalidContext
from infra.function import MissingModule
from infra.stack import OpenTracking
from infra.wheels import UvFailed

CDK_JSON = Path(__file__).parents[1] / "cdk.json"


def open_tracking(context: Mapping[str, str] | None = None, outdir: Path | None = None) -> App:
    """The app with its one stack.

    Args:
        context: Values of `infra.configuration`, over what the CLI passes.
        outdir: Where `synth()` writes; None leaves that to the CLI.

    Raises:
        InvalidContext: A context value is wrong.
        MissingModule: A handler, or something that it imports, is not in the source tree.
        UvFailed: A function's third-party packages could not be installed.
    """
    app = App(
        # cdk.json's feature flags reach the app also without the CLI, so that the template is the same.
        context=json.loads(CDK_JSON.read_text())["context"],
        post_cli_context=context,
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
    )
    OpenTracking(app, "OpenTracking", configuration=Configuration.of(app.node))
    return app


if __name__ == "__main__":
    try:
        open_tracking().synth()
    except (InvalidContext, MissingModule, UvFailed) as error:
        sys.exit(f"Error: {error}")
