"""What a host name says: `sqs.<region>.<base>`, `<region>.queue.<base>`, `<bucket>.s3.<base>` and the like.

Tables only. The base is whatever is left behind the known labels: localhost, amazonaws.com, a container's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emulator.wire.exchange import Exchange

FIRST = {"queue": "sqs", "sync-states": "states", "ddb": "dynamodb", "s3-control": "s3"}
"""Labels that name a service by another word."""

BEHIND = {"queue": "sqs", "s3": "s3", "lambda-url": "lambda-url", "execute-api": "execute-api", "s3-control": "s3"}
"""Labels that stand behind a name of their own: a region, a bucket, an id. `s3-website` and `s3-<region>` too."""

BASES = frozenset({"localhost", "amazonaws", "localstack"})
"""Labels at which the name of the machine begins."""

ALONE = frozenset(
    {
        "apigateway", "cloudformation", "cognito-idp", "dynamodb", "ec2", "ecr", "email", "events", "firehose", "glue",
        "iam", "kinesis", "kms", "lambda", "logs", "monitoring", "pipes", "rds", "route53", "s3", "scheduler",
        "secretsmanager", "ses", "sns", "sqs", "ssm", "states", "sts",
    }
)  # fmt: skip
"""Labels that name a service even without a region behind them."""


class Host(NamedTuple):
    """What was found in a host name."""

    service: str | None
    """An endpoint prefix or signing name (`sqs`, `states`, `s3`, `execute-api`), None when the host names none."""
    region: str | None


NOTHING = Host(None, None)


def looks_like_region(label: str) -> bool:
    """`us-east-1`, `us-gov-west-1`, `eusc-de-east-1`."""
    parts = label.split("-")
    return (
        len(parts) >= 3
        and 2 <= len(parts[0]) <= 4
        and parts[-1].isdigit()
        and len(parts[-1]) < 3
        and all(part.isalpha() for part in parts[:-1])
    )


def read(host: bytes) -> Host:
    """Takes a Host header apart. Never raises."""
    name = host.decode("latin-1").lower()
    if name.startswith("["):
        return NOTHING
    labels = name.partition(":")[0].split(".")
    # Only what stands before the machine's own name can name a service.
    for at, label in enumerate(labels):
        if label in BASES:
            labels = labels[:at]
            break
    if not labels or len(labels) > 20:
        return NOTHING
    first = labels[0]
    region = labels[1] if len(labels) > 1 and looks_like_region(labels[1]) else None
    if region is not None and first not in BEHIND:
        return Host(FIRST.get(first, first), region)
    if looks_like_region(first) and len(labels) > 1 and labels[1] in BEHIND:
        return Host(BEHIND[labels[1]], first)
    for at in range(len(labels) - 1, 0, -1):
        label = labels[at]
        service = BEHIND.get(label) or ("s3" if label.startswith(("s3-website", "s3-")) else None)
        if service is not None:
            behind = labels[at + 1] if at + 1 < len(labels) and looks_like_region(labels[at + 1]) else None
            dashed = label.removeprefix("s3-website-").removeprefix("s3-")
            return Host(service, behind or (dashed if looks_like_region(dashed) else None))
    if first in FIRST or first in ALONE:
        return Host(FIRST.get(first, first), region)
    return NOTHING


def region_of(exchange: Exchange) -> str | None:
    """The region in the host name, or in a queue's path `/queue/<region>/<account>/<name>`."""
    found = read(exchange.headers.get(b"host", b"")).region
    if found is None and exchange.path.startswith(b"/queue/"):
        parts = exchange.path.split(b"/")
        if len(parts) == 5:
            label = parts[2].decode("latin-1")
            found = label if looks_like_region(label) else None
    return found
