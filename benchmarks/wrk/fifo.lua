-- SendMessage to a FIFO queue, over 100 message groups and never the same deduplication id: fifo.lua QUEUE_URL TEXT
local common = require "common"

local body
local sent = 0

function init(args)
  body = '{"QueueUrl":"' .. args[1] .. '","MessageBody":"' .. args[2] ..
    '","MessageGroupId":"group-%d","MessageDeduplicationId":"message-%d"}'
end

function request()
  sent = sent + 1
  return common.call("SendMessage", string.format(body, sent % 100, sent))
end
