// Runs a Node.js function: AWS's documented behaviour of the nodejs runtimes over the Lambda Runtime API.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html and runtimes-api.html. Standard library only.
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import util from "node:util";

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const root = "/2018-06-01/runtime";
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const WATERMARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const logDescriptor = Number(env._LAMBDA_TELEMETRY_LOG_FD || 0);
delete env._LAMBDA_TELEMETRY_LOG_FD;
let current; // the invocation under way

// -- the Runtime API

function call(method, where, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: root + where, agent, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

const failure = (type) => ({ "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": type });

// -- errors

class RuntimeFault extends Error {
  constructor(name, message, cause) {
    super(message);
    this.name = name;
    if (cause?.stack) this.stack = `${name}: ${message}\n${cause.stack.split("\n").filter((line) => line.startsWith("    at ")).join("\n")}`;
  }
}

function describe(error) {
  if (util.types.isNativeError(error) || error instanceof Error) {
    return {
      errorType: String(error.name).replaceAll("\x7f", "%7F"),
      errorMessage: String(error.message).replaceAll("\x7f", "%7F"),
      trace: (error.stack ?? "").replaceAll("\x7f", "%7F").split("\n"),
    };
  }
  return { errorType: typeof error, errorMessage: error === undefined ? "undefined" : String(error?.toString?.() ?? error), trace: [] };
}

function forLog(error) {
  if (!(error instanceof Error)) return describe(error);
  const own = {};
  for (const [name, value] of Object.entries(error)) own[name] = value instanceof Error ? forLog(value) : value;
  return { errorType: error.name, errorMessage: error.message, ...own, stack: (error.stack ?? "").split("\n") };
}

function rejection(reason) {
  const error = new RuntimeFault("Runtime.UnhandledPromiseRejection", reason instanceof Error ? reason.toString() : String(reason));
  error.reason = reason;
  error.promise = {};
  return error;
}

// -- logs

const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const json = (env.AWS_LAMBDA_LOG_FORMAT ?? "").toUpperCase() === "JSON";
const threshold = LEVELS[(env.AWS_LAMBDA_LOG_LEVEL ?? "").toUpperCase()] ?? 0;

function write(text, level) {
  if (!logDescriptor) return process.stdout.write(json ? text + "\n" : text.replaceAll("\n", "\r") + "\n");
  // Type, length, microseconds: a message keeps its line ends and its time.
  const body = Buffer.from(text + "\n");
  const head = Buffer.alloc(16);
  head.writeUInt32BE((0xa55a0002 | (json ? 0 : 1) | ((LEVELS[level] ?? 0) << 2)) >>> 0, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  const frame = Buffer.concat([head, body]);
  for (let sent = 0; sent < frame.length; ) {
    try {
      sent += fs.writeSync(logDescriptor, frame, sent);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function logAs(level) {
  return (...values) => {
    if (LEVELS[level] < threshold) return;
    const time = new Date().toISOString();
    if (!json) return write(`${time}\t${current?.id}\t${level}\t${util.format(...values)}`, level);
    const line = { timestamp: time, level, requestId: current?.id };
    const only = values.length === 1 ? values[0] : undefined;
    const error = values.find((value) => value instanceof Error);
    if (only !== undefined && typeof only === "object" && only !== null && !(only instanceof Error)) line.message = only;
    else line.message = util.format(...values);
    if (error) Object.assign(line, { errorType: error.name, errorMessage: error.message, stackTrace: (error.stack ?? "").split("\n") });
    let text;
    try {
      text = JSON.stringify(line, (_, value) => (typeof value === "bigint" ? value.toString() : value));
    } catch {
      text = JSON.stringify({ ...line, message: util.inspect(line.message) });
    }
    write(text, level);
  };
}

console.log = console.info = logAs("INFO");
console.trace = logAs("TRACE");
console.debug = logAs("DEBUG");
console.warn = logAs("WARN");
console.error = logAs("ERROR");
console.fatal = logAs("FATAL");
// What the runtime itself has to say is said at every level.
const complain = (label, error) =>
  json ? console.error(error) : write(`${new Date().toISOString()}\t${current?.id}\tERROR\t${label} \t${JSON.stringify(forLog(error))}`, "ERROR");

// -- streamed responses

class ResponseStream extends Writable {
  #request;
  #contentType;
  #id;
  #done;
  beforeFirstWrite;

  constructor(id, options) {
    super(options);
    this.#id = id;
    this.#done = new Promise((resolve) => this.once("delivered", resolve));
  }

  get begun() {
    return this.#request !== undefined;
  }

  get delivered() {
    return this.#done;
  }

  setContentType(type) {
    if (this.begun) throw new RuntimeFault("InvalidStreamOperation", "Cannot set content-type, too late.");
    this.#contentType = type;
  }

  #begin() {
    this.#request = http.request({
      host, port, agent, method: "POST", path: `${root}/invocation/${this.#id}/response`,
      headers: {
        "Content-Type": this.#contentType ?? "application/octet-stream",
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        "Transfer-Encoding": "chunked",
      },
    }, (response) => {
      response.resume();
      response.on("end", () => this.emit("delivered"));
    });
    this.#request.on("error", () => this.emit("delivered"));
    const first = this.beforeFirstWrite;
    if (first) first((part) => this.#request.write(part));
  }

  _write(chunk, encoding, done) {
    if (!this.begun) this.#begin();
    if (this.#request.write(chunk, encoding)) done();
    else this.#request.once("drain", done);
  }

  _final(done) {
    if (!this.begun) this.#begin();
    this.#request.end(done);
  }

  fail(error) {
    const text = describe(error);
    this.#request.addTrailers({
      "Lambda-Runtime-Function-Error-Type": text.errorType,
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(text)).toString("base64"),
    });
    this.#request.end();
  }
}

const objectOrText = (chunk) =>
  chunk instanceof Uint8Array || typeof chunk === "string" ? chunk : JSON.stringify(chunk);
const plainWrite = ResponseStream.prototype.write;
ResponseStream.prototype.write = function (chunk, ...rest) {
  return plainWrite.call(this, objectOrText(chunk), ...rest);
};

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = "response";
    if (typeof options?.highWaterMark === "number") handler[WATERMARK] = options.highWaterMark;
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    static from(stream, prelude) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      const text = JSON.stringify(prelude);
      stream.beforeFirstWrite = (send) => {
        send(text);
        send(new Uint8Array(8));
      };
      return stream;
    }
  },
};

// -- the handler

function isModule(file) {
  if (file.endsWith(".mjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")).type === "module";
    } catch {
      if (folder === path.dirname(folder) || folder === env.LAMBDA_TASK_ROOT) return false;
    }
  }
}

async function loadModule(taskRoot, folder, name) {
  const base = path.resolve(taskRoot, folder, name);
  const require = createRequire(path.join(taskRoot, "index.js"));
  for (const file of [base, base + ".js", base + ".mjs", base + ".cjs"]) {
    if (!fs.existsSync(file) || !fs.statSync(file).isFile()) continue;
    return isModule(file) ? import(pathToFileURL(file).href) : require(file);
  }
  // Not a file: a package's or a folder's own way.
  return require(require.resolve(name, { paths: [path.resolve(taskRoot, folder), taskRoot] }));
}

async function loadHandler() {
  const full = env._HANDLER ?? "";
  if (full.includes("..")) throw new RuntimeFault("Runtime.MalformedHandlerName", `'${full}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const base = path.basename(full);
  const folder = full.slice(0, full.length - base.length);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match) throw new RuntimeFault("Runtime.MalformedHandlerName", "Bad handler");
  let found;
  try {
    found = await loadModule(env.LAMBDA_TASK_ROOT, folder, match[1]);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeFault("Runtime.UserCodeSyntaxError", error.toString(), error);
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") throw new RuntimeFault("Runtime.ImportModuleError", error.toString(), error);
    throw error;
  }
  const names = match[2].split(".");
  const pick = (from) => names.reduce((value, name) => value?.[name], from);
  const handler = pick(found) ?? pick(found?.default);
  if (handler === undefined || handler === null) throw new RuntimeFault("Runtime.HandlerNotFound", `${full} is undefined or not exported`);
  if (typeof handler !== "function") throw new RuntimeFault("Runtime.HandlerNotFound", `${full} is not a function`);
  if (handler.length >= 3 && !handler[STREAMING] && Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV)?.[1]) >= 24) {
    throw new RuntimeFault("Runtime.CallbackHandlerDeprecated", "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.");
  }
  return handler;
}

// -- invocations

const parse = (text) => (text ? JSON.parse(text) : undefined);

function makeContext(headers, invocation) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  let waits = true;
  return {
    get callbackWaitsForEmptyEventLoop() {
      return waits;
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waits = value;
    },
    succeed: (result) => invocation.finish(null, result, false),
    fail: (error) => invocation.finish(error ?? "handled", undefined, false),
    done: (error, result) => invocation.finish(error, result, waits),
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse(headers["lambda-runtime-client-context"]),
    identity: parse(headers["lambda-runtime-cognito-identity"]),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: invocation.id,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

class Invocation {
  constructor(id) {
    this.id = id;
    this.settled = new Promise((resolve) => (this.settle = resolve));
    this.idle = undefined; // what to do when the event loop is empty
  }

  // A callback's outcome waits for the event loop to be empty, unless it was told not to.
  finish(error, result, waits) {
    if (this.finished) return;
    this.finished = true;
    const settle = () => this.settle({ error, failed: error !== null && error !== undefined, result });
    if (waits && (error === null || error === undefined)) this.idle = settle;
    else settle();
  }
}

process.on("beforeExit", () => {
  const idle = current?.idle;
  if (!idle) return;
  current.idle = undefined;
  idle();
});

async function run(handler, invocation, event, context) {
  const callback = (error, result) => invocation.finish(error, result, context.callbackWaitsForEmptyEventLoop);
  // Nothing is left to be done and nobody has answered: null.
  invocation.idle = () => invocation.settle({ failed: false, result: null });
  try {
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") {
      returned.then((result) => invocation.finish(null, result, false), (error) => {
        if (!invocation.finished) {
          invocation.finished = true;
          invocation.settle({ failed: true, error });
        }
      });
    } else if (handler.length < 3 && returned !== undefined && !invocation.finished) {
      invocation.idle = () => invocation.settle({ failed: false, result: null });
    }
  } catch (error) {
    invocation.finished = true;
    invocation.settle({ failed: true, error });
  }
  return invocation.settled;
}

async function runStreaming(handler, invocation, event, context) {
  const stream = new ResponseStream(invocation.id, handler[WATERMARK] ? { highWaterMark: handler[WATERMARK] } : {});
  invocation.stream = stream;
  delete context.succeed;
  delete context.fail;
  delete context.done;
  invocation.idle = () => stream.end();
  try {
    await handler(event, stream, context);
    await stream.delivered;
  } catch (error) {
    complain("Invoke Error", error);
    if (!stream.begun) await call("POST", `/invocation/${invocation.id}/error`, JSON.stringify(describe(error)), failure(describe(error).errorType));
    else {
      stream.fail(error);
      await stream.delivered;
    }
  }
}

async function serve(handler) {
  for (;;) {
    current = undefined;
    const next = await call("GET", "/invocation/next");
    if (next.status !== 200) process.exit(1);
    const headers = next.headers;
    const invocation = new Invocation(headers["lambda-runtime-aws-request-id"]);
    current = invocation;
    const trace = headers["lambda-runtime-trace-id"];
    if (trace) env._X_AMZN_TRACE_ID = trace;
    else delete env._X_AMZN_TRACE_ID;
    const context = makeContext(headers, invocation);
    const event = JSON.parse(next.body.toString());
    if (handler[STREAMING]) {
      await runStreaming(handler, invocation, event, context);
      continue;
    }
    const outcome = await run(handler, invocation, event, context);
    invocation.idle = undefined;
    if (outcome.failed) {
      complain("Invoke Error", outcome.error);
      const text = describe(outcome.error);
      await call("POST", `/invocation/${invocation.id}/error`, JSON.stringify(text), failure(text.errorType));
      continue;
    }
    let text;
    try {
      text = JSON.stringify(outcome.result === undefined ? null : outcome.result) ?? "null";
    } catch (error) {
      const unable = new RuntimeFault("Runtime.InvalidJsonResponse", "Unable to stringify response body");
      await call("POST", `/invocation/${invocation.id}/error`, JSON.stringify(describe(unable)), failure(unable.name));
      continue;
    }
    await call("POST", `/invocation/${invocation.id}/response`, text, { "Content-Type": "application/json" });
  }
}

async function die(label, error, code) {
  complain(label, error);
  const text = describe(error);
  if (error?.reason !== undefined) text.reason = describe(error.reason);
  if (error?.promise !== undefined) text.promise = error.promise;
  const where = current ? `/invocation/${current.id}/error` : "/init/error";
  try {
    if (current?.stream?.begun) {
      current.stream.fail(error);
      await current.stream.delivered;
    } else await call("POST", where, JSON.stringify(text), failure(text.errorType));
  } finally {
    process.exit(code);
  }
}

process.on("uncaughtException", (error) => die("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => die("Unhandled Promise Rejection", rejection(reason), 128));

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  await die("Uncaught Exception", error, 1);
}
serve(handler).catch(() => process.exit(1));
