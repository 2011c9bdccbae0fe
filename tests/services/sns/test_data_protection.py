"""What data protection policies find, and what they do about it."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scope import Scope
from services.sns.data_protection import policy as policies
from services.sns.data_protection.guard import Guard
from services.sns.data_protection.identifiers import DETECTORS
from services.sns.errors import AuthorizationError, InvalidParameter
from services.sns.model import Message, Subscription, Topic

ACCOUNT, OTHER = "000000000000", "111111111111"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"
IDENTIFIER = "arn:aws:dataprotection::aws:data-identifier/"


def found(name, text):
    return [text[span.start : span.end] for span in DETECTORS[name].find(text)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("EmailAddress", "ann.lee+x@mail.example.org, b@x.com.", ["ann.lee+x@mail.example.org", "b@x.com"]),
        ("EmailAddress", '{"e":"ann@example.org"}', ["ann@example.org"]),
        ("EmailAddress", "nobody@localhost @example.org a@b", []),
        ("IpAddress", "From 10.0.0.1 to 192.168.1.254.", ["10.0.0.1", "192.168.1.254"]),
        ("IpAddress", "Version 1.2.3, 256.1.1.1, 1.2.3.4.5", []),
        ("IpAddress", "At 2001:db8::8a2e:370:7334, ::1 and fe80::1", ["2001:db8::8a2e:370:7334", "::1", "fe80::1"]),
        ("IpAddress", "at 12:30, a::b::c", []),
        ("CreditCardNumber", "card number 4539148803436467", ["4539148803436467"]),
        ("CreditCardNumber", "Visa: 4539 1488 0343 6467!", ["4539 1488 0343 6467"]),
        ("CreditCardNumber", '{"credit_card":"4539-1488-0343-6467"}', ["4539-1488-0343-6467"]),
        ("CreditCardNumber", "card number 4539148803436468", []),
        ("CreditCardNumber", "order number 4539148803436467", []),
        ("CreditCardNumber", "card number 4111111111111111", []),
        ("CreditCardNumber", "card" + " " * 40 + "4539148803436467", []),
        ("CreditCardSecurityCode", "cvv: 123", ["123"]),
        ("CreditCardExpiration", "expiry 09/27", ["09/27"]),
        ("PhoneNumber-US", "phone (206) 555-0100 or 206.555.0199", ["(206) 555-0100", "206.555.0199"]),
        ("PhoneNumber-US", "call +1 206-555-0100", ["+1 206-555-0100"]),
        ("PhoneNumber-US", "order 2065550100", []),
        ("PhoneNumber-DE", "+49 30 1234567", ["+49 30 1234567"]),
        ("PhoneNumber-GB", "Tel 020 7946 0018", ["020 7946 0018"]),
        ("Ssn-US", "ssn 123-45-6789", ["123-45-6789"]),
        ("Ssn-US", "ssn 000-45-6789 or 666-45-6789", []),
        ("Ssn-US", "123-45-6789", []),
        ("DateOfBirth", "dob 12-01-2012, born May 1", ["12-01-2012"]),
        ("AwsSecretKey", "secret key " + "Ab/1" * 10, ["Ab/1" * 10]),
        ("PkcsPrivateKey", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", None),
        ("BankAccountNumber-DE", "DE89 3704 0044 0532 0130 00", ["DE89 3704 0044 0532 0130 00"]),
        ("BankAccountNumber-DE", "DE89 3704 0044 0532 0130 01", []),
    ],
)  # fmt: skip
def test_what_is_found(name, text, expected):
    assert found(name, text) == ([text] if expected is None else expected)


@given(st.text(alphabet="0123456789 +-().:@aDEx", max_size=200))
def test_any_text_can_be_searched(text):
    for detector in DETECTORS.values():
        spans = list(detector.find(text))
        assert spans == sorted(spans)
        assert all(one.end <= other.start for one, other in pairwise(spans))


def statement(operation, direction="Inbound", identifiers=("EmailAddress",), principal=("*",)):
    return {
        "DataDirection": direction,
        "Principal": list(principal),
        "DataIdentifier": [IDENTIFIER + name for name in identifiers],
        "Operation": operation,
    }


def document(*statements, **more):
    return json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": list(statements), **more})


MASK = {"Deidentify": {"MaskConfig": {"MaskWithCharacter": "*"}}}
REDACT = {"Deidentify": {"RedactConfig": {}}}
DENY = {"Deny": {}}


def audit(rate=99):
    destination = {"CloudWatchLogs": {"LogGroup": "/aws/vendedlogs/found"}}
    nothing = {"CloudWatchLogs": {"LogGroup": "/aws/vendedlogs/nothing"}}
    return {"Audit": {"SampleRate": str(rate), "FindingsDestination": destination, "NoFindingsDestination": nothing}}


class Chance:
    def __init__(self, value):
        self.value = value

    def uniform(self):
        return self.value


class Clock:
    def now(self):
        return 1_700_000_000.0


class Logs(list):
    def write(self, account, region, group, stream, events):
        self.extend((account, region, group, json.loads(text)) for _, text in events)


def topic(text):
    return Topic(
        arn=TOPIC, name="topic", scope=Scope(ACCOUNT, "us-east-1"), created_at=0.0, fifo=False, attributes={},
        data_protection_policy=text,
    )  # fmt: skip


def guard(chance=0.5):
    logs = Logs()
    return Guard(Clock(), Chance(chance), logs), logs


def message(body="mail ann@example.org now", **more):
    return Message(message_id="id", published_at=0.0, body=body, topic_arn=TOPIC, **more)


def subscription(owner=ACCOUNT, protocol="sqs"):
    return Subscription(
        arn=f"{TOPIC}:1", topic_arn=TOPIC, protocol=protocol, endpoint="q", owner=owner, created_at=0.0, confirmed=True
    )


def test_what_is_masked_keeps_its_length_and_what_is_redacted_is_gone():
    guarding, _ = guard()

    assert guarding.inbound(topic(document(statement(MASK))), message(), ACCOUNT).body == "mail *************** now"
    assert guarding.inbound(topic(document(statement(REDACT))), message(), ACCOUNT).body == "mail  now"


def test_a_message_without_anything_sensitive_stays_itself():
    guarding, _ = guard()
    plain = message("nothing here")

    assert guarding.inbound(topic(document(statement(MASK))), plain, ACCOUNT) is plain


def test_texts_of_all_protocols_are_cleaned():
    guarding, _ = guard()
    both = message("default a@b.cd", bodies={"default": "default a@b.cd", "sqs": "sqs e@f.gh"})

    cleaned = guarding.inbound(topic(document(statement(REDACT))), both, ACCOUNT)

    assert cleaned.text_for("sqs") == "sqs "
    assert cleaned.text_for("http") == "default "


def test_several_identifiers_may_overlap():
    guarding, _ = guard()
    policy = document(statement(MASK, identifiers=("EmailAddress", "IpAddress")))

    cleaned = guarding.inbound(topic(policy), message("x ann@10.0.0.1.example.org 10.0.0.2"), ACCOUNT)

    assert cleaned.body == "x " + "*" * 24 + " " + "*" * 8


def test_a_denied_message_is_not_published():
    guarding, _ = guard()
    denying = topic(document(statement(DENY)))

    with pytest.raises(AuthorizationError):
        guarding.inbound(denying, message(), ACCOUNT)
    assert guarding.inbound(denying, message("harmless"), ACCOUNT).body == "harmless"


def test_outbound_statements_are_about_who_is_sent_the_message():
    guarding, _ = guard()
    principal = [f"arn:aws:iam::{OTHER}:role/reader"]
    masking = topic(document(statement(MASK, "Outbound", principal=principal)))
    denying = topic(document(statement(DENY, "Outbound", principal=principal)))
    what = message()

    assert guarding.inbound(masking, what, OTHER) is what
    assert guarding.outbound(masking, subscription(), what) is what
    assert guarding.outbound(masking, subscription(OTHER), what).body == "mail *************** now"
    assert guarding.outbound(denying, subscription(), what) is what
    assert guarding.outbound(denying, subscription(OTHER), what) is None


def test_subscriptions_of_an_account_share_what_they_get():
    guarding, _ = guard()
    masking = topic(document(statement(MASK, "Outbound")))
    what = message()

    assert guarding.outbound(masking, subscription(), what) is guarding.outbound(masking, subscription(), what)


def test_what_is_made_of_a_cleaned_message_is_its_own():
    guarding, _ = guard()
    what = message('{"mail": "ann@example.org"}')
    what.prepared["signature"] = "old"
    what.parsed_body = {"mail": "ann@example.org"}

    cleaned = guarding.inbound(topic(document(statement(REDACT))), what, ACCOUNT)

    assert cleaned.prepared == {}
    assert cleaned.parsed_body is None


def test_an_audit_tells_where_what_was_found_and_changes_nothing():
    guarding, logs = guard()
    auditing = topic(document(statement(audit())))

    assert guarding.inbound(auditing, message(), ACCOUNT).body == "mail ann@example.org now"
    guarding.inbound(auditing, message("nothing"), ACCOUNT)

    (account, region, group, told), (_, _, other_group, nothing) = logs
    assert (account, region, group) == (ACCOUNT, "us-east-1", "/aws/vendedlogs/found")
    assert told == {
        "messageId": "id",
        "auditTimestamp": "2023-11-14T22:13:20Z",
        "callerPrincipal": f"arn:aws:iam::{ACCOUNT}:root",
        "resourceArn": TOPIC,
        "dataIdentifiers": [{"name": "EmailAddress", "count": 1, "detections": [{"start": 6, "end": 20}]}],
    }
    assert (other_group, nothing["dataIdentifiers"]) == ("/aws/vendedlogs/nothing", [])


@pytest.mark.parametrize(("rate", "chance", "heard"), [(99, 0.98, 1), (99, 0.99, 0), (0, 0.0, 0)])
def test_an_audit_takes_samples(rate, chance, heard):
    guarding, logs = guard(chance)
    guarding.inbound(topic(document(statement(audit(rate)))), message(), ACCOUNT)

    assert len(logs) == heard


def test_what_is_audited_is_the_message_as_it_came():
    guarding, logs = guard()
    cleaned = guarding.inbound(topic(document(statement(MASK), statement(audit()))), message(), ACCOUNT)

    assert "ann" not in cleaned.body
    assert len(logs) == 1


def test_custom_identifiers():
    guarding, _ = guard()
    given_statement = {**statement(MASK), "DataIdentifier": ["Badge", IDENTIFIER + "EmailAddress"]}
    text = document(given_statement, Configuration={"CustomDataIdentifier": [{"Name": "Badge", "Regex": r"B-\d{4}"}]})

    assert guarding.inbound(topic(text), message("B-1234 a@b.cd B-12"), ACCOUNT).body == "****** ****** B-12"


def test_an_identifier_in_a_region_is_one_too():
    text = document(
        {**statement(DENY), "DataIdentifier": ["arn:aws:dataprotection:us-east-1::data-identifier/EmailAddress"]}
    )

    assert policies.read(text)[0].identifiers[0][0] == "EmailAddress"


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "x" * 30_721,
        document(),
        json.dumps({"Version": "2021-06-01", "Statement": [statement(DENY)]}),
        json.dumps({"Name": "p", "Version": "2012-10-17", "Statement": [statement(DENY)]}),
        document(statement(DENY), Unknown=1),
        document({**statement(DENY), "DataDirection": "Sideways"}),
        document({**statement(DENY), "Principal": ["somebody"]}),
        document({**statement(DENY), "Principal": []}),
        document({**statement(DENY), "DataIdentifier": []}),
        document({**statement(DENY), "DataIdentifier": [IDENTIFIER + "Shoes"]}),
        document({**statement(DENY), "DataIdentifier": ["Unknown"]}),
        document(statement({"Deny": {"x": 1}})),
        document(statement({"Erase": {}})),
        document(statement({**DENY, **MASK})),
        document(statement({"Deidentify": {}})),
        document(statement({"Deidentify": {"MaskConfig": {"MaskWithCharacter": "**"}}})),
        document(statement(audit()), statement(audit())),
        document(statement(audit(), "Outbound")),
        document(statement(audit(100))),
        document(statement({"Audit": {"SampleRate": "5"}})),
        document(statement({"Audit": {"SampleRate": "9" * 5000, "FindingsDestination": {}}})),
        document({**statement(DENY), "DataDirection": ["Inbound"]}),
        document({**statement(DENY), "Principal": [{}]}),
        document(statement(DENY), Configuration={"CustomDataIdentifier": [{"Name": "a", "Regex": "x{99999999999}"}]}),
        document(
            statement({"Audit": {"SampleRate": "5", "FindingsDestination": {"CloudWatchLogs": {"LogGroup": "x"}}}})
        ),
        document(statement(DENY), Configuration={"CustomDataIdentifier": [{"Name": "a b", "Regex": "x"}]}),
        document(statement(DENY), Configuration={"CustomDataIdentifier": [{"Name": "a", "Regex": "(x+)+"}]}),
        document(statement(DENY), Configuration={"CustomDataIdentifier": [{"Name": "a", "Regex": "[x"}]}),
        document(statement(DENY), Configuration={"CustomDataIdentifier": [{"Name": "a", "Regex": "x" * 201}]}),
    ],
)
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(InvalidParameter, match=r"Invalid parameter: DataProtectionPolicy Reason: "):
        policies.read(text)
