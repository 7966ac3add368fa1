"""One function: what its zip holds, its role, its log.

| a zip holds | decided by |
|---|---|
| the modules of `functions` and `tracking` that the handler imports, directly or not | the source itself |
| the files beside such a module with its name and another suffix, such as `networks.csv` | the file's name |
| the wheels of the dependency group named like the handler's folder | pyproject.toml, uv.lock |
| bytecode of all of it | Python 3.13, which Lambda runs too |

boto3 is not in it: the Lambda runtime brings it.
"""

import ast
import hashlib
import importlib.util
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import wheels

ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
OWN_PACKAGES = {"functions", "tracking"}
MEMORY_MB = 512
"""Lambda gives CPU by memory: less than this starts a Python function noticeably slower."""


class MissingModule(Exception):
    """A handler, or something that it imports, is not in the source tree."""


class Function(lambda_.Function):
    """A Lambda function that may do nothing but write its own log, until told otherwise."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        environment: Mapping[str, str],
        timeout: Duration,
        memory_mb: int,
        architecture: str,
        log_retention: logs.RetentionDays,
        reserved_concurrency: int | None = None,
        feeds_itself: bool = False,
    ) -> None:
        log = logs.LogGroup(
            scope,
            f"{construct_id}Log",
            retention=log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        super().__init__(
            scope,
            construct_id,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=ARCHITECTURES[architecture],
            code=lambda_.Code.from_asset(str(staged(handler, architecture))),
            handler=handler,
            memory_size=memory_mb,
            timeout=timeout,
            role=iam.Role(
                scope,
                f"{construct_id}Role",
                assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            ),
            log_group=log,
            reserved_concurrent_executions=reserved_concurrency,
            # Lambda stops a function that comes round to itself by a queue some sixteen times.
            recursive_loop=lambda_.RecursiveLoop.ALLOW if feeds_itself else None,
            environment={
                "POWERTOOLS_SERVICE_NAME": construct_id,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                "POWERTOOLS_METRICS_NAMESPACE": "OpenTracking",
                **environment,
            },
        )
        self.may("logs:CreateLogStream", "logs:PutLogEvents", on=log.log_group_arn)

    def may(self, *actions: str, on: str) -> None:
        """Allow the function to do these things to a resource.

        Args:
            actions: IAM actions, spelt out.
            on: The resource's ARN.
        """
        self.add_to_role_policy(iam.PolicyStatement(actions=[*actions], resources=[on]))


def staged(handler: str, architecture: str) -> Path:
    """The folder that becomes the handler's zip.

    Args:
        handler: `functions.<folder>.<module>.<function>`.
        architecture: A key of `wheels.PLATFORMS`.

    Returns:
        A folder below `wheels.BUILD`, named by what it holds.

    Raises:
        MissingModule: The handler, or something that it imports, is not in the source tree.
        UvFailed: The wheels could not be installed.
    """
    sources = imported_sources(handler)
    files = sources + companions(sources)
    group = handler.split(".")[1]
    third_party = wheels.installed(group, architecture)

    digest = hashlib.sha256(third_party.name.encode() + Path(__file__).read_bytes())
    for path in files:
        digest.update(f"{path}\0".encode() + (wheels.ROOT / path).read_bytes() + b"\0")

    def stage(folder: Path) -> None:
        shutil.copytree(third_party, folder)
        for path in files:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(wheels.ROOT / path, target)
        for package in OWN_PACKAGES:
            wheels.compile_below(folder, folder / package)

    return wheels.built(wheels.BUILD / "zips" / f"{group}-{architecture}-{digest.hexdigest()[:16]}", stage)


def imported_sources(handler: str) -> list[Path]:
    """The source files that a handler needs, each with its packages' `__init__.py`.

    Args:
        handler: `functions.<folder>.<module>.<function>`.

    Returns:
        Paths below the repository root, sorted.

    Raises:
        MissingModule: The handler, or something that it imports, is not in the source tree.
    """
    module, _, function = handler.rpartition(".")
    found: dict[str, Path] = {}
    waiting = [(module, f"handler {handler}")]
    while waiting:
        name, wanted_by = waiting.pop()
        if name in found:
            continue
        path = _source(name)
        if path is None:
            raise MissingModule(f"{wanted_by} needs the module {name}, which is not in the source tree.")
        found[name] = path
        waiting += [(imported, str(path)) for imported in _imports(name, path)]
        if "." in name:
            waiting.append((name.rpartition(".")[0], str(path)))
    if not _defines(found[module], function):
        raise MissingModule(f"{found[module]} has no function {function}, which is deployed as {handler}.")
    return sorted(found.values())


def companions(sources: Iterable[Path]) -> list[Path]:
    """What the modules among some source files read: files beside them of the same name with another suffix.

    Args:
        sources: Paths below the repository root, as `imported_sources` returns them.

    Returns:
        Paths below the repository root, sorted.
    """
    return sorted(
        beside.relative_to(wheels.ROOT)
        for source in sources
        for beside in (wheels.ROOT / source.parent).iterdir()
        if beside.is_file() and beside.stem == source.stem and beside.suffix not in {"", source.suffix}
    )


def _source(module: str) -> Path | None:
    stem = Path(*module.split("."))
    return next(
        (p for p in (stem.with_suffix(".py"), stem / "__init__.py") if (wheels.ROOT / p).is_file()), None
    )


def _imports(module: str, path: Path) -> Iterator[str]:
    """What a module imports of `OWN_PACKAGES`, wherever in it, also late in a function."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            members = [f"{origin}.{alias.name}" for alias in node.names]
            names = [origin, *(member for member in members if _source(member))]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in OWN_PACKAGES)


def _defines(path: Path, function: str) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in _parsed(path).body)


def _parsed(path: Path) -> ast.Module:
    return ast.parse((wheels.ROOT / path).read_bytes(), filename=str(path))
