-- join: copies from a router's mirror come back where the data set knows less.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token ('' = after the opening) · 2 with the last copies of a whole mirror: the seq up to which it
--          is whole, else '' · 3 longest call (ms)
--          4 … copies: kind (call or pod), name, number of values that follow, field, value…
-- Returns  {unsettled, state} · {joined, number of copies taken, number of pods that hold more calls than slots}
-- Keeps    a record is a register: the higher seq wins, of equal ones the later state; so the order of joins is of no
--          matter (but for what was withdrawn, of which nothing stays), and a repeated one does nothing. A copy keeps its
--          own seq, and the data set's is above every one seen. Which calls came from mirrors alone is noted until the
--          opening: what another mirror lacks of these has not ended by that, for it may never have known it.
--          A live copy of an incarnation that is gone is lost. Both of two calls on one pod stand. A copy that cannot be
--          taken keeps none of the others from it.

local refusal = gate_refusal()
if refusal then return refusal end

local RANK = { allocated = 1, connected = 2, lost = 3, ended = 4, withdrawn = 5 }
local longest = tonumber(ARGV[3])
local affected = {} -- pods whose calls change

-- An unknown container is no other one.
local function is_other(incarnation, than)
  if object_of(incarnation) ~= object_of(than) then return true end
  local one, two = container_of(incarnation), container_of(than)
  return one ~= '' and two ~= '' and one ~= two
end

-- Each reads and checks what taking one copy needs, and returns the function that takes it; nil if there is nothing to.

local function plan_call(sid, copy, seq)
  local record = read_record(sid)
  local known = record and tonumber(record.seq) or 0
  local rank = RANK[copy.state] or malformed('copy of call ' .. sid)
  if record and (known > seq or (known == seq and (RANK[record.state] or 0) >= rank)) then return nil end
  local held = record and is_live(record) and record or nil
  if copy.state == 'withdrawn' and not held then return nil end

  local live, lost = is_live(copy), false
  if live then
    if not (copy.pod and is_incarnation(copy.incarnation) and tonumber(copy.allocated_at) and tonumber(copy.deadline))
    then malformed('copy of call ' .. sid) end
    local pod = readable(read_slots, copy.pod)
    if pod and pod.state == 'gone' then
      lost = object_of(pod.incarnation) == object_of(copy.incarnation)
    elseif pod then
      lost = is_other(copy.incarnation, pod.incarnation)
      if not lost then copy.incarnation = pod.incarnation end
      redis.call('ZSCORE', pool_available_key(pod.pool), pod.name)
    end
    redis.call('SISMEMBER', pod_calls_key(copy.pod), sid)
    redis.call('SISMEMBER', calls_joined_key, sid)
  end
  check_indexes(sid, copy.merchant or '')
  if held then
    check_indexes(sid, held.merchant)
    redis.call('SISMEMBER', pod_calls_key(held.pod), sid)
  end
  local waiter = read_waiter(sid)
  if waiter then check_queues(sid, waiter.pools) end

  return function()
    if held then
      redis.call('ZREM', calls_key, sid)
      redis.call('SREM', pod_calls_key(held.pod), sid)
      if held.merchant ~= '' then redis.call('SREM', merchant_calls_key(held.merchant), sid) end
      affected[held.pod] = true
    end
    if live or copy.state == 'withdrawn' then redis.call('DEL', call_key(sid)) end
    if copy.state == 'withdrawn' then return end
    local fields = {}
    for field, value in pairs(copy) do
      if field ~= 'deadline' then fields[#fields + 1], fields[#fields + 2] = field, value end
    end
    redis.call('HSET', call_key(sid), unpack(fields))
    if live and not lost then
      redis.call('ZADD', calls_key, copy.deadline, sid)
      redis.call('SADD', pod_calls_key(copy.pod), sid)
      if copy.merchant then redis.call('SADD', merchant_calls_key(copy.merchant), sid) end
      if not held and ARGV[1] ~= '' then redis.call('SADD', calls_joined_key, sid) end
      affected[copy.pod] = true
    else
      if lost then
        redis.call('HSET', call_key(sid), 'state', 'lost', 'ended_at', time, 'end_reason', 'pod_gone')
      end
      redis.call('HSETNX', call_key(sid), 'ended_at', time)
      redis.call('PEXPIRE', call_key(sid), TOMBSTONE_MS)
    end
    if copy.request then
      redis.call('SET', request_key(copy.request), sid, 'PX', text(longest + TOMBSTONE_MS))
    end
    if waiter and copy.state ~= 'lost' and not lost then leave_queues(waiter) end
  end
end

local function plan_gone(name, copy)
  local pod = readable(read_pod, name)
  if pod and (pod.state == 'gone' or object_of(pod.incarnation) ~= object_of(copy.incarnation)) then return nil end
  local calls = {}
  if pod then
    calls = calls_of(pod)
    check_pool(name, pod.pool)
  elseif redis.call('EXISTS', pod_calls_key(name)) == 1 then
    for _, call in ipairs(calls_without_record(name)) do
      if object_of(call.incarnation) == object_of(copy.incarnation) then calls[#calls + 1] = call end
    end
  end
  return function(seq)
    for _, call in ipairs(calls) do
      take_down(call, 'lost', 'pod_gone', call.seq ~= '' and call.seq or seq) -- its own, as if it were joined after this
    end
    if pod then leave_pool(pod) end
    bury({ name = name, incarnation = copy.incarnation, version = copy.version or '0' }, copy.seq)
  end
end

local function plan_drained(name, copy, seq)
  local pod = readable(read_pod, name)
  if not pod or pod.state == 'gone' or is_other(copy.incarnation, pod.incarnation) then return nil end
  if seq <= tonumber(redis.call('HGET', pod_key(name), 'drained_seq') or 0) then return nil end
  check_pool(name, pod.pool)
  return function(transition)
    pod.drained = copy.state == 'drained' and '1' or '0'
    write_pod(pod, transition)
    redis.call('HSET', pod_key(name), 'drained_seq', copy.seq)
    affected[name] = true
  end
end

local function plan(kind, name, copy)
  local seq = tonumber(copy.seq) or malformed('copy of ' .. kind .. ' ' .. name)
  if kind == 'call' then return plan_call(name, copy, seq) end
  if not is_incarnation(copy.incarnation) then malformed('copy of pod ' .. name) end
  if copy.state == 'gone' then return plan_gone(name, copy) end
  return plan_drained(name, copy, seq)
end

-- One after the other, for each may change what the next one finds: a pod that is gone loses its calls' copies as well.
local highest, taken, names, seq = 0, 0, { call = {}, pod = {} }, nil
local i = 4
while i <= #ARGV do
  local kind, name, values = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local copy = {}
  for f = i + 3, i + 2 + values, 2 do copy[ARGV[f]] = ARGV[f + 1] end
  i = i + 3 + values
  local readable, act = pcall(plan, kind, name, copy)
  if readable then highest = math.max(highest, tonumber(copy.seq)) end
  if readable and act then
    seq = seq or next_seq()
    act(seq)
    taken = taken + 1
    names[kind][#names[kind] + 1] = name
  end
end
local behind = highest > tonumber(redis.call('HGET', KEYS[1], 'seq') or 0)
if not seq and not behind and ARGV[2] == '' then return { 'joined', '0', '0' } end

seq = seq or next_seq()
local overbooked = 0
for name in pairs(affected) do
  local pod = readable(read_slots, name)
  if pod and pod.state ~= 'gone' then
    stand_in_pool(pod)
    if pod.calls > pod.capacity then overbooked = overbooked + 1 end
  end
end
add_event(seq, 'joined', 'sids', table.concat(names.call, ' '), 'pods', table.concat(names.pod, ' '))
if highest > tonumber(seq) then redis.call('HSET', KEYS[1], 'seq', text(highest)) end
if ARGV[2] ~= '' then
  local whole = tonumber(redis.call('HGET', KEYS[1], 'whole') or 0)
  redis.call('HSET', KEYS[1], 'whole', text(math.max(whole, tonumber(ARGV[2]))))
end
return { 'joined', text(taken), text(overbooked) }
