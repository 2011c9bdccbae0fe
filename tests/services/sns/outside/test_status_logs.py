"""Delivery status logs: which deliveries, in which group, in what words."""

from __future__ import annotations

import json

from services.sns.model import Attempted

ROLE = "arn:aws:iam::000000000000:role/logs"
GOOD = Attempted(ok=True, status_code=200, text='{"sqsMessageId":"1"}', dwell_ms=61.4)
BAD = Attempted(ok=False, status_code=503, text="busy", attempts=4, error_code="HTTP")


def test_nothing_is_logged_unless_a_role_is_set(world):
    world.outcomes.ended(world.subscribe("sqs", "arn:q"), world.message(), GOOD)
    world.outcomes.ended(world.subscribe("sqs", "arn:r"), world.message(), BAD)

    assert world.logs.written == []


def test_successes_and_failures_have_groups_of_their_own(world):
    world.topic.attributes |= {"HTTPSuccessFeedbackRoleArn": ROLE, "HTTPFailureFeedbackRoleArn": ROLE}
    subscription, message = world.subscribe(), world.message()
    world.outcomes.ended(subscription, message, GOOD)
    world.outcomes.ended(subscription, message, BAD)

    (good_group, good), (bad_group, bad) = world.logs.written
    assert good_group == "sns/us-east-1/000000000000/news"
    assert bad_group == "sns/us-east-1/000000000000/news/Failure"
    told = json.loads(good)
    del told["delivery"]["deliveryId"]
    assert told == {
        "notification": {
            "messageMD5Sum": "5d41402abc4b2a76b9719d911017c592",
            "messageId": message.message_id,
            "topicArn": world.topic.arn,
            "timestamp": "2023-11-14 22:13:20.000",
        },
        "delivery": {
            "destination": "http://hooks.test/in",
            "providerResponse": '{"sqsMessageId":"1"}',
            "dwellTimeMs": 61,
            "statusCode": 200,
        },
        "status": "SUCCESS",
    }
    told = json.loads(bad)
    assert (told["status"], told["delivery"]["attempts"], told["delivery"]["statusCode"]) == ("FAILURE", 4, 503)


def test_the_attributes_of_one_protocol_say_nothing_of_another(world):
    world.topic.attributes |= {"LambdaSuccessFeedbackRoleArn": ROLE}
    world.outcomes.ended(world.subscribe("sqs", "arn:q"), world.message(), GOOD)
    world.outcomes.ended(world.subscribe("email", "a@b.c"), world.message(), GOOD)

    assert world.logs.written == []


def test_the_sample_rate_samples_successes_only(world):
    world.topic.attributes |= {
        "SQSSuccessFeedbackRoleArn": ROLE,
        "SQSFailureFeedbackRoleArn": ROLE,
        "SQSSuccessFeedbackSampleRate": "30",
    }
    subscription = world.subscribe("sqs", "arn:q")
    for _ in range(1000):
        world.outcomes.ended(subscription, world.message(), GOOD)
    sampled = len(world.logs.written)
    for _ in range(100):
        world.outcomes.ended(subscription, world.message(), BAD)

    assert 240 < sampled < 360
    assert len(world.logs.written) == sampled + 100

    world.topic.attributes["SQSSuccessFeedbackSampleRate"] = "0"
    world.outcomes.ended(subscription, world.message(), GOOD)
    assert len(world.logs.written) == sampled + 100
