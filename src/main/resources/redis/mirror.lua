-- What the scripts share that show records to a router's mirror; put between the prelude and each of them.
--
-- A copy is written as: kind (call or pod), name, number of values that follow, field, value… A record that cannot be read
-- is a copy without values: it is there, and nobody knows what it says.

-- `gone_at` is the seq of the transition after which there is no record, '' where that says nothing.
local function add_call(answer, sid, gone_at)
  local at = #answer
  answer[at + 1], answer[at + 2] = 'call', sid
  local readable, record = pcall(redis.call, 'HGETALL', call_key(sid))
  if not readable or record.err then
    answer[at + 3] = '0'
    return
  end
  if #record == 0 then
    if gone_at == '' then
      answer[at + 1], answer[at + 2] = nil, nil
      return
    end
    record = { 'state', 'withdrawn', 'seq', gone_at, 'ended_at', time }
  end
  local count = 0
  for i = 1, #record, 2 do
    if record[i] ~= 'heartbeat_at' then -- the agent's next word brings it back
      answer[at + 4 + count], answer[at + 5 + count] = record[i], record[i + 1]
      count = count + 2
    end
  end
  local deadline = redis.call('ZSCORE', calls_key, sid)
  if deadline then
    answer[at + 4 + count], answer[at + 5 + count] = 'deadline', deadline
    count = count + 2
  end
  answer[at + 3] = text(count)
end

-- Only what must survive a loss: that it is gone, or that an operator drained it or took that back.
local function add_pod(answer, name)
  local readable, v = pcall(redis.call, 'HMGET', pod_key(name), 'state', 'incarnation', 'version', 'seq', 'drained',
    'drained_seq')
  if not readable or v.err or not v[2] then return end
  local fields
  if v[1] == 'gone' then
    fields = { 'state', 'gone', 'incarnation', v[2], 'version', v[3] or '0', 'seq', v[4] or '0', 'ended_at', time }
  elseif v[6] then
    fields = { 'state', v[5] == '1' and 'drained' or 'undrained', 'incarnation', v[2], 'seq', v[6] }
  else
    return
  end
  local at = #answer
  answer[at + 1], answer[at + 2], answer[at + 3] = 'pod', name, text(#fields)
  for i, value in ipairs(fields) do answer[at + 3 + i] = value end
end
