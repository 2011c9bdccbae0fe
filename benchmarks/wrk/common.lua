-- What the three load scripts share. wrk runs in this folder, so `require "common"` finds it.
local common = {}

local threads = {}

-- A signature that names SQS and proves nothing: local servers take it, and a real client always sends one.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-amz-json-1.0"
wrk.headers["X-Amz-Date"] = "20260101T000000Z"
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, " ..
  "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" .. string.rep("0", 64)

-- The bytes of one call. `body` is JSON text.
function common.call(operation, body)
  wrk.headers["X-Amz-Target"] = "AmazonSQS." .. operation
  return wrk.format("POST", "/", wrk.headers, body)
end

function setup(thread)
  threads[#threads + 1] = thread
end

-- One line that the benchmark reads. `completed` counts what a script calls one unit of its own, if it does.
function done(summary, latency)
  local completed = 0
  for _, thread in ipairs(threads) do
    completed = completed + (thread:get("completed") or 0)
  end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "duration_us": %d, "p50_us": %.0f, "p99_us": %.0f, "completed": %d, ' ..
    '"refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), completed,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

return common
