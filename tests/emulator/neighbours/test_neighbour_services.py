"""Every service here is asked with real boto3, over a socket."""

from __future__ import annotations

import http.client
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, UnsupportedServiceProtocolsError

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Any]

ROLE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def test_caller_identity_is_the_account_of_the_key(client: Make) -> None:
    said = client("sts").get_caller_identity()
    assert (said["Account"], said["Arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")
    said = client("sts", key="111122223333").get_caller_identity()
    assert (said["UserId"], said["Account"]) == ("111122223333", "111122223333")
    assert said["Arn"] == "arn:aws:iam::111122223333:root"


def test_roles_and_policies(client: Make) -> None:
    iam = client("iam")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(ROLE))["Role"]
    assert role["Arn"] == "arn:aws:iam::000000000000:role/worker"
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName="may", PolicyDocument=json.dumps(document))["Policy"]
    iam.attach_role_policy(RoleName="worker", PolicyArn=policy["Arn"])
    attached = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert attached == [{"PolicyName": "may", "PolicyArn": "arn:aws:iam::000000000000:policy/may"}]
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="nobody")
    assumed = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="me")
    assert assumed["AssumedRoleUser"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/worker/me"


def test_objects(client: Make, old_moto: bool) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="crate")
    body = bytes(range(256)) * 400
    # Before 5.2 moto took an underscore for a hyphen.
    second = "a-b" if old_moto else "a_b"
    put = s3.put_object(Bucket="crate", Key="a//b c/ü%2F+;=.bin", Body=body, Metadata={"colour": "red", second: "c"})
    assert put["ETag"]
    got = s3.get_object(Bucket="crate", Key="a//b c/ü%2F+;=.bin")
    assert got["Body"].read() == body
    assert got["Metadata"] == {"colour": "red", second: "c"}
    head = s3.head_object(Bucket="crate", Key="a//b c/ü%2F+;=.bin")
    assert head["ContentLength"] == len(body)
    listed = s3.list_objects_v2(Bucket="crate")["Contents"]
    assert [(entry["Key"], entry["Size"]) for entry in listed] == [("a//b c/ü%2F+;=.bin", len(body))]
    part = s3.get_object(Bucket="crate", Key="a//b c/ü%2F+;=.bin", Range="bytes=5-9")
    assert (part["Body"].read(), part["ResponseMetadata"]["HTTPStatusCode"]) == (body[5:10], 206)
    assert s3.delete_object(Bucket="crate", Key="a//b c/ü%2F+;=.bin")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="crate", Key="a//b c/ü%2F+;=.bin")
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="crate", Key="a//b c/ü%2F+;=.bin")


def test_an_object_that_has_not_changed(client: Make) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="crate")
    etag = s3.put_object(Bucket="crate", Key="k", Body=b"x")["ETag"]
    with pytest.raises(ClientError, match="304"):
        s3.get_object(Bucket="crate", Key="k", IfNoneMatch=etag)


def test_an_upload_in_parts(client: Make) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="crate")
    parts = [b"a" * (5 * 1024 * 1024), b"b" * 1000]
    upload = s3.create_multipart_upload(Bucket="crate", Key="big")["UploadId"]
    sent = [
        s3.upload_part(Bucket="crate", Key="big", UploadId=upload, PartNumber=number, Body=part)
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(
        Bucket="crate",
        Key="big",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": n, "ETag": part["ETag"]} for n, part in enumerate(sent, 1)]},
    )
    assert s3.get_object(Bucket="crate", Key="big")["Body"].read() == b"".join(parts)
    # upload_fileobj decides for parts by itself, with checksums.
    s3.upload_fileobj(io.BytesIO(b"z" * (9 * 1024 * 1024)), "crate", "bigger")
    assert s3.head_object(Bucket="crate", Key="bigger")["ContentLength"] == 9 * 1024 * 1024


def fetch(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(method, parts._replace(scheme="", netloc="").geturl(), body, headers)
    answer = connection.getresponse()
    said = answer.status, answer.read()
    connection.close()
    return said


def test_presigned_urls(client: Make) -> None:
    s3 = client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="crate")
    put = s3.generate_presigned_url("put_object", {"Bucket": "crate", "Key": "k"})
    # A form's content type, as curl sends it: the body is the object all the same.
    status, _ = fetch(put, "PUT", b"key=value", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": "crate", "Key": "k"})
    assert fetch(get) == (200, b"key=value")
    assert "AWSAccessKeyId" not in get


def test_a_posted_form(client: Make) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="crate")
    post = s3.generate_presigned_post("crate", "posted")
    boundary = "x-x"
    lines = []
    for name, value in post["fields"].items():
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"', "", value]
    lines += [
        f"--{boundary}",
        'Content-Disposition: form-data; name="file"; filename="f"',
        "",
        "content",
        f"--{boundary}--",
        "",
    ]
    status, _ = fetch(
        post["url"] + "?",
        "POST",
        "\r\n".join(lines).encode(),
        **{"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    assert status == 204
    assert s3.get_object(Bucket="crate", Key="posted")["Body"].read() == b"content"


def test_what_a_client_names_in_a_reply_header_stays_in_its_line(client: Make) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="crate")
    s3.put_object(Bucket="crate", Key="k", Body=b"x")
    got = s3.get_object(Bucket="crate", Key="k", ResponseContentDisposition="inline\r\nx-evil: 1")
    assert "x-evil" not in got["ResponseMetadata"]["HTTPHeaders"]


def test_tables(client: Make) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    item = {"id": {"S": "1"}, "blob": {"B": b"\x00\xff"}, "n": {"N": "1.5"}}
    dynamodb.put_item(TableName="table", Item=item)
    assert dynamodb.get_item(TableName="table", Key={"id": {"S": "1"}})["Item"] == item
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName="table", Item=item, ConditionExpression="attribute_not_exists(id)")
    streams = client("dynamodbstreams").list_streams(TableName="table")["Streams"]
    assert [stream["TableName"] for stream in streams] == ["table"]


def test_parameters(client: Make) -> None:
    ssm = client("ssm")
    ssm.put_parameter(Name="/a/b", Value="v", Type="SecureString")
    assert ssm.get_parameter(Name="/a/b", WithDecryption=True)["Parameter"]["Value"] == "v"
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/none")


def test_secrets(client: Make) -> None:
    secrets = client("secretsmanager")
    arn = secrets.create_secret(Name="s", SecretString="hush")["ARN"]
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:s-")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "hush"


def test_keys(client: Make) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    assert key["AWSAccountId"] == "000000000000"
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"\x00secret")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"\x00secret"


@pytest.fixture(params=["json", "smithy-rpc-v2-cbor", "query"])
def cloudwatch(request: pytest.FixtureRequest, client: Make, monkeypatch: pytest.MonkeyPatch) -> Any:
    """boto3's CloudWatch in each protocol that some version of boto3 prefers."""
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (request.param,))
    try:
        return client("cloudwatch")
    except UnsupportedServiceProtocolsError:
        pytest.skip(f"this botocore's model has no {request.param}")


def test_metrics_in_every_protocol(cloudwatch: Any) -> None:
    at = 1_699_999_990
    cloudwatch.put_metric_data(
        Namespace="n", MetricData=[{"MetricName": "m", "Value": 2.0, "Timestamp": at, "Unit": "Count"}]
    )
    metrics = cloudwatch.list_metrics(Namespace="n")["Metrics"]
    assert [metric["MetricName"] for metric in metrics] == ["m"]
    points = cloudwatch.get_metric_statistics(
        Namespace="n", MetricName="m", StartTime=at - 60, EndTime=at + 60, Period=60, Statistics=["Sum"]
    )["Datapoints"]
    assert [point["Sum"] for point in points] == [2.0]
    assert abs(points[0]["Timestamp"].timestamp() - at) <= 60
    # Large enough that the SDK packs it.
    many = [{"MetricName": f"metric-{n}", "Value": float(n)} for n in range(400)]
    cloudwatch.put_metric_data(Namespace="many", MetricData=many)
    cloudwatch.put_metric_alarm(
        AlarmName="a",
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["Threshold"] == 1.0


def test_a_refusal_in_every_protocol(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_dashboard(DashboardName="none")
    assert refused.value.response["Error"]["Code"] in {"ResourceNotFound", "DashboardNotFoundError"}


def test_logs(client: Make, bench: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/g")
    logs.create_log_stream(logGroupName="/g", logStreamName="s")
    now = int(bench.clock.now() * 1000)
    logs.put_log_events(logGroupName="/g", logStreamName="s", logEvents=[{"timestamp": now, "message": "hello"}])
    events = logs.get_log_events(logGroupName="/g", logStreamName="s")["events"]
    assert [(event["message"], event["timestamp"]) for event in events] == [("hello", now)]
    assert logs.describe_log_groups()["logGroups"][0]["logGroupName"] == "/g"


def test_streams_topics_rules_and_machines(client: Make) -> None:
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="k", ShardCount=1)
    assert kinesis.put_record(StreamName="k", Data=b"\xff", PartitionKey="p")["ShardId"]
    topic = client("sns").create_topic(Name="t")["TopicArn"]
    assert topic == "arn:aws:sns:us-east-1:000000000000:t"
    assert client("sns").publish(TopicArn=topic, Message="m")["MessageId"]
    rule = client("events").put_rule(Name="r", EventPattern='{"source": ["a"]}')["RuleArn"]
    assert rule == "arn:aws:events:us-east-1:000000000000:rule/r"
    ec2 = client("ec2")
    assert ec2.describe_vpcs()["Vpcs"]
    with pytest.raises(ClientError) as refused:
        ec2.describe_instances(InstanceIds=["i-00000000000000000"])
    assert refused.value.response["Error"]["Code"] == "InvalidInstanceID.NotFound"


def test_services_that_share_a_name(client: Make) -> None:
    assert client("apigateway").create_rest_api(name="one")["id"]
    assert client("apigatewayv2").create_api(Name="two", ProtocolType="HTTP")["ApiId"]
    assert client("sesv2").list_contact_lists()["ContactLists"] == []
    assert client("ses").list_identities()["Identities"] == []
    assert client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert client("elb").describe_load_balancers()["LoadBalancerDescriptions"] == []
    assert client("bedrock-agent").list_agents()["agentSummaries"] == []
    assert client("timestream-write").list_databases()["Databases"] == []
    assert client("opensearch").list_domain_names()["DomainNames"] == []
    assert client("cloudformation").list_stacks()["StackSummaries"] == []
    assert client("route53").list_hosted_zones()["HostedZones"] == []


def test_accounts_and_regions_are_apart(client: Make) -> None:
    client("logs").create_log_group(logGroupName="g")
    for key, region in [("111122223333", "us-east-1"), ("test", "eu-west-1"), ("test", "xx-nowhere-7")]:
        assert client("logs", key=key, region=region).describe_log_groups()["logGroups"] == []
    far = client("kms", key="111122223333", region="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    assert far.startswith("arn:aws:kms:eu-west-1:111122223333:key/")
    client("s3").create_bucket(Bucket="mine")
    assert client("s3", key="111122223333").list_buckets()["Buckets"] == []


def test_neighbours_live_by_the_emulators_clock(client: Make, bench: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="crate")
    s3.put_object(Bucket="crate", Key="k", Body=b"x")
    assert s3.head_object(Bucket="crate", Key="k")["LastModified"].timestamp() == int(bench.clock.now())
