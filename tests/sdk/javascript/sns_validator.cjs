// Run by test_sns_validator.py: a subscriber that believes only what the public package sns-validator verifies.
// `node sns_validator.cjs VERSION` subscribes itself to a topic with that SignatureVersion.
"use strict";

const assert = require("node:assert/strict");
const { once } = require("node:events");
const http = require("node:http");
const https = require("node:https");
const MessageValidator = require("sns-validator");

const endpoint = process.env.AWS_ENDPOINT_URL;
const version = process.argv[2];

// The validator takes certificates from AWS's hosts only, by HTTPS. So the message is told to be from there, and what
// is asked of there comes from the emulator; the signature does not cover this member.
const HOST = "https://sns.us-east-1.amazonaws.com";
const plain = { get: (url, answer) => http.get(url.replace(HOST, endpoint), answer) };
https.get = plain.get;

const validator = new MessageValidator();

function validate(message) {
  assert.ok(message.SigningCertURL.startsWith(endpoint), message.SigningCertURL);
  const told = { ...message, SigningCertURL: message.SigningCertURL.replace(endpoint, HOST) };
  return new Promise((resolve, reject) => {
    validator.validate(told, (error, valid) => (error ? reject(error) : resolve(valid)));
  });
}

async function call(params) {
  const answer = await fetch(endpoint, { method: "POST", body: new URLSearchParams({ Version: "2010-03-31", ...params }) });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text;
}

async function main() {
  const arrived = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    response.end();
    arrived.push(JSON.parse(Buffer.concat(parts).toString()));
    server.emit("message");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const next = async () => {
    while (arrived.length === 0) await once(server, "message");
    return arrived.shift();
  };

  const created = await call({
    Action: "CreateTopic",
    Name: "believed",
    "Attributes.entry.1.key": "SignatureVersion",
    "Attributes.entry.1.value": version,
  });
  const TopicArn = created.match(/<TopicArn>(.*)<\/TopicArn>/)[1];
  const Endpoint = `http://127.0.0.1:${server.address().port}/`;
  await call({ Action: "Subscribe", TopicArn, Protocol: "http", Endpoint });

  const confirmation = await next();
  assert.equal(confirmation.Type, "SubscriptionConfirmation");
  await validate(confirmation);
  assert.equal((await fetch(confirmation.SubscribeURL)).status, 200);

  for (const more of [{}, { Subject: "Über" }]) {
    await call({ Action: "Publish", TopicArn, Message: 'Grüße, 世界 😀 "quoted" \\ \n\t', ...more });
    const notification = await next();
    assert.equal(notification.SignatureVersion, version);
    await validate(notification);
    await assert.rejects(validate({ ...notification, Message: "forged" }), /signature is invalid/);
  }
  // Of an UnsubscribeConfirmation the package forgets the Token, which AWS signs: it refuses AWS's own.
  server.close();
  server.closeAllConnections();
  console.log(`version ${version} ok`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
