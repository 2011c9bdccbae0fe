-- Send, receive, delete: roundtrip.lua QUEUE_URL TEXT CONNECTIONS. One round trip is completed by its delete.
--
-- wrk does not say which connection an answer came by, so receipts go into a pool that any connection deletes from.
-- Sends run ahead of receives by one message a connection: a receive seldom finds nothing, and the queue stays short.
local common = require "common"

local send, receive, delete_head
local ahead = 0
local lead
local receipts = {}

completed = 0 -- a global: done() asks each thread for it

function init(args)
  send = common.call("SendMessage", '{"QueueUrl":"' .. args[1] .. '","MessageBody":"' .. args[2] .. '"}')
  receive = common.call("ReceiveMessage", '{"QueueUrl":"' .. args[1] .. '","MaxNumberOfMessages":1}')
  delete_head = '{"QueueUrl":"' .. args[1] .. '","ReceiptHandle":"'
  lead = tonumber(args[3]) + 1
end

function request()
  local last = #receipts
  if last > 0 then
    local receipt = receipts[last]
    receipts[last] = nil
    completed = completed + 1
    return common.call("DeleteMessage", delete_head .. receipt .. '"}')
  end
  if ahead < lead then
    ahead = ahead + 1
    return send
  end
  ahead = ahead - 1
  return receive
end

function response(status, headers, body)
  for receipt in string.gmatch(body, '"ReceiptHandle"%s*:%s*"([^"]*)"') do
    receipts[#receipts + 1] = receipt
  end
end
