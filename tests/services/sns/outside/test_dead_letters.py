"""RedrivePolicy: AWS's refusals."""

from __future__ import annotations

import pytest

from services.sns.outside import dead_letters
from services.sns.outside.documents import Refused

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
NOT_JSON = (
    "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field name\n"
    " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"
)
QUEUE = "arn:aws:sqs:us-east-1:000000000000:dead"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"deadLetterTargetArn": "fake-arn"}', "deadLetterTargetArn is an invalid arn"),
        ('{"deadLetterTargetArn": 3}', "deadLetterTargetArn is an invalid arn"),
        (f'{{"deadLetterTargetArn": "{TOPIC}"}}', "deadLetterTargetArn is an invalid arn"),
        (
            f'{{"deadLetterTargetArn": "{QUEUE}", "maxReceiveCount": 5}}',
            "invalid JSON. Attribute maxReceiveCount is unknown.",
        ),
        (
            "{invalidjson}",
            NOT_JSON,
        ),
        (f'{{"deadLetterTargetArn": "{QUEUE.replace("us-east-1", "eu-west-1")}"}}', "deadLetterTargetArn must be in"),
    ],
)
def test_refused(text, said):
    with pytest.raises(Refused) as refused:
        dead_letters.check(text, TOPIC)
    assert refused.value.text.startswith(f"RedrivePolicy: {said}")


def test_accepted():
    dead_letters.check(f'{{"deadLetterTargetArn": "{QUEUE}"}}', TOPIC)
    assert dead_letters.target_of(f'{{"deadLetterTargetArn": "{QUEUE}"}}') == QUEUE
    for nothing in ("", "{}"):
        dead_letters.check(nothing, TOPIC)
        assert dead_letters.target_of(nothing) == ""
