// Run by test_javascript.py: `node checks.cjs NAME` runs one check against AWS_ENDPOINT_URL.
// CommonJS, because NODE_PATH, by which the SDK is found, means nothing to ES modules.
"use strict";

const assert = require("node:assert/strict");
const {
  BatchEntryIdsNotDistinct,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  InvalidMessageContents,
  ListQueuesCommand,
  QueueDoesNotExist,
  QueueNameExists,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  SQSServiceException,
  paginateListQueues,
} = require("@aws-sdk/client-sqs");

// The SDK compares the MD5 of each body, sent and received, with the server's, and throws when they differ.
const sqs = new SQSClient({ maxAttempts: 1 });

async function createQueue(name, attributes) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return QueueUrl;
}

async function receive(QueueUrl, more = {}) {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }));
  return Messages ?? [];
}

const checks = {
  async attributes() {
    const QueueUrl = await createQueue("letters");
    const MessageAttributes = {
      text: { DataType: "String", StringValue: "Grüße" },
      number: { DataType: "Number.int", StringValue: "42" },
      bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255, 10]) },
    };
    const MessageBody = 'Grüße, 世界 😀 "quoted" \\ \n\t';
    const sent = await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody,
        MessageAttributes,
        MessageSystemAttributes: {
          AWSTraceHeader: { DataType: "String", StringValue: "Root=1-5759e988-bd862e3fe1be46a994272793" },
        },
      }),
    );
    const [message, ...others] = await receive(QueueUrl, {
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
    });
    assert.equal(others.length, 0);
    assert.equal(message.MessageId, sent.MessageId);
    assert.equal(message.Body, MessageBody);
    assert.equal(message.MD5OfBody, sent.MD5OfMessageBody);
    assert.equal(message.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
    assert.equal(message.MessageAttributes.text.StringValue, "Grüße");
    assert.equal(message.MessageAttributes.number.DataType, "Number.int");
    assert.deepEqual([...message.MessageAttributes.bytes.BinaryValue], [0, 255, 10]);
    assert.equal(message.Attributes.AWSTraceHeader, "Root=1-5759e988-bd862e3fe1be46a994272793");
    assert.equal(message.Attributes.ApproximateReceiveCount, "1");
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    assert.equal(Attributes.ApproximateNumberOfMessagesNotVisible, "0");
  },

  async batch() {
    const QueueUrl = await createQueue("batch");
    const answer = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: "one", MessageBody: "1" },
          { Id: "two", MessageBody: "2" },
          { Id: "late", MessageBody: "3", DelaySeconds: 901 },
        ],
      }),
    );
    assert.deepEqual(answer.Successful.map((each) => each.Id).sort(), ["one", "two"]);
    assert.deepEqual(
      answer.Failed.map(({ Id, Code, SenderFault }) => ({ Id, Code, SenderFault })),
      [{ Id: "late", Code: "InvalidParameterValue", SenderFault: true }],
    );
    const messages = await receive(QueueUrl);
    assert.deepEqual(messages.map((each) => each.Body).sort(), ["1", "2"]);
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: [
          ...messages.map((each, n) => ({ Id: `m${n}`, ReceiptHandle: each.ReceiptHandle })),
          { Id: "no", ReceiptHandle: "nonsense" },
        ],
      }),
    );
    assert.equal(deleted.Successful.length, 2);
    assert.equal(deleted.Failed[0].Code, "ReceiptHandleIsInvalid");
  },

  async longPoll() {
    const QueueUrl = await createQueue("slow");
    const waiting = receive(QueueUrl, { WaitTimeSeconds: 20 });
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "worth the wait" }));
    const messages = await waiting;
    assert.deepEqual(messages.map((each) => each.MessageId), [sent.MessageId]);
  },

  async abortedLongPoll() {
    const QueueUrl = await createQueue("left");
    const abort = new AbortController();
    const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: abort.signal,
    });
    // Another request's answer shows that the server has had a chance to read the first.
    await sqs.send(new ListQueuesCommand({}));
    abort.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "not for the one who left" }));
    const messages = await receive(QueueUrl, { WaitTimeSeconds: 20 });
    assert.equal(messages.length, 1);
  },

  async visibility() {
    const QueueUrl = await createQueue("again");
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "again" }));
    const [first] = await receive(QueueUrl);
    assert.equal((await receive(QueueUrl)).length, 0);
    await sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: first.ReceiptHandle, VisibilityTimeout: 0 }),
    );
    const [second] = await receive(QueueUrl, { MessageSystemAttributeNames: ["ApproximateReceiveCount"] });
    assert.equal(second.MessageId, first.MessageId);
    assert.notEqual(second.ReceiptHandle, first.ReceiptHandle);
    assert.equal(second.Attributes.ApproximateReceiveCount, "2");
  },

  async fifo() {
    const QueueUrl = await createQueue("ordered.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
    const sent = [];
    for (const MessageBody of ["first", "second", "second", "third"]) {
      sent.push(await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: "g" })));
    }
    assert.equal(sent[1].MessageId, sent[2].MessageId);
    assert.ok(BigInt(sent[0].SequenceNumber) < BigInt(sent[1].SequenceNumber));
    const messages = await receive(QueueUrl, { MessageSystemAttributeNames: ["All"] });
    assert.deepEqual(messages.map((each) => each.Body), ["first", "second", "third"]);
    assert.equal(messages[0].Attributes.SequenceNumber, sent[0].SequenceNumber);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "fourth", MessageGroupId: "g" }));
    assert.equal((await receive(QueueUrl)).length, 0, "the group is in flight");
  },

  async errors() {
    await assert.rejects(sqs.send(new GetQueueUrlCommand({ QueueName: "nowhere" })), (error) => {
      assert.ok(error instanceof QueueDoesNotExist, `${error.name} is not QueueDoesNotExist`);
      assert.equal(error.name, "QueueDoesNotExist");
      assert.equal(error.message, "The specified queue does not exist.");
      assert.equal(error.$fault, "client");
      assert.equal(error.$metadata.httpStatusCode, 400);
      assert.ok(error.$metadata.requestId);
      return true;
    });
    const QueueUrl = await createQueue("strict");
    const refused = (command, kind) => assert.rejects(sqs.send(command), (error) => error instanceof kind);
    await refused(new CreateQueueCommand({ QueueName: "strict", Attributes: { DelaySeconds: "9" } }), QueueNameExists);
    await refused(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: "nonsense" }), ReceiptHandleIsInvalid);
    await refused(new SendMessageCommand({ QueueUrl, MessageBody: "bad \u0001" }), InvalidMessageContents);
    const entry = { Id: "same", MessageBody: "x" };
    await refused(new SendMessageBatchCommand({ QueueUrl, Entries: [entry, entry] }), BatchEntryIdsNotDistinct);
    await assert.rejects(receive(QueueUrl, { WaitTimeSeconds: 21 }), (error) => {
      assert.ok(error instanceof SQSServiceException);
      assert.equal(error.name, "InvalidParameterValue");
      return true;
    });
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    await refused(new SendMessageCommand({ QueueUrl, MessageBody: "too late" }), QueueDoesNotExist);
  },

  async pagination() {
    const urls = [];
    for (const name of ["a", "b", "c", "d", "e"]) urls.push(await createQueue(`page-${name}`));
    const pages = [];
    for await (const page of paginateListQueues({ client: sqs, pageSize: 2 }, {})) pages.push(page.QueueUrls ?? []);
    assert.equal(pages.length, 3);
    assert.deepEqual(pages.flat().sort(), urls.sort());
  },

  async concurrency() {
    const QueueUrl = await createQueue("busy");
    const bodies = Array.from({ length: 100 }, (_, n) => `${n}`);
    await Promise.all(bodies.map((MessageBody) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))));
    const batches = await Promise.all(bodies.slice(0, 20).map(() => receive(QueueUrl, { WaitTimeSeconds: 1 })));
    const rest = [];
    for (let more = await receive(QueueUrl); more.length > 0; more = await receive(QueueUrl)) rest.push(...more);
    const received = [...batches.flat(), ...rest].map((each) => each.Body);
    assert.deepEqual(received.sort(), bodies.sort());
  },
};

const name = process.argv[2];
checks[name]().then(
  () => console.log(`${name} ok`),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
