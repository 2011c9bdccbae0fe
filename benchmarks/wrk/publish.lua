-- Publish, again and again: publish.lua BODY, a form. wrk builds it once, so that no Lua runs per request.
require "common"

function init(args)
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.headers["Authorization"] = wrk.headers["Authorization"]:gsub("/sqs/", "/sns/"):gsub(";x%-amz%-target", "")
  wrk.body = args[1]
end
