-- The same call of Step Functions again and again: states.lua OPERATION BODY. `completed` counts what has succeeded.
require "common"

completed = 0

function init(args)
  wrk.headers["X-Amz-Target"] = "AWSStepFunctions." .. args[1]
  wrk.headers["Authorization"] = wrk.headers["Authorization"]:gsub("/sqs/", "/states/")
  wrk.body = args[2]
end

function response(status, headers, body)
  if string.find(body, '"status"%s*:%s*"SUCCEEDED"') then
    completed = completed + 1
  end
end
