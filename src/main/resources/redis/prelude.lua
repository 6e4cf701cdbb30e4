-- What scripts share: definitions alone. Each script is loaded with those that it uses before it, for Lua makes every
-- function anew each time that a script runs.
--
-- KEYS[1]  <prefix>:epoch. All other keys are made from its prefix here, and in RedisKeys by the same names.
-- ARGV[1]  token of a settlement, or '' for everybody else: who may pass the gate
--
-- Every script reads, decodes and checks all that it needs before its first write, because Redis rolls nothing back;
-- its first write is next_seq(), which Redis refuses when it is full, so that nothing is written by halves.
--
-- A record may be damaged: evicted, or deleted or overwritten by hand. What cannot be read fails the script that needs
-- it, and no other; where one of many would do, it is passed over (first_available, expire, calls_of).

local prefix = string.sub(KEYS[1], 1, -6)
local TOMBSTONE_MS = 3600000
local WAITED_MS = 120000
local EVENTS_KEPT = 100000
local SETTLE_LOCK_MS = 3000

local function text(number) -- '..' would round a seq
  return string.format('%d', number)
end

local function malformed(what) error('MALFORMED ' .. what, 0) end

-- A number as a record holds it; absent is 0.
local function number_of(value, what)
  return tonumber(value or 0) or malformed(what)
end

-- What went wrong, of an error that pcall caught: a table since Redis 7.
local function words_of(failure)
  return type(failure) == 'table' and failure.err or tostring(failure)
end

local function redis_time_us()
  local parts = redis.call('TIME')
  return tonumber(parts[1]) * 1000000 + tonumber(parts[2])
end

local now_us = redis_time_us()
local now = math.floor(now_us / 1000)
local time = text(now) -- the same as records and answers hold it

local function call_key(sid) return prefix .. 'call:' .. sid end
local function pod_key(pod) return prefix .. 'pod:' .. pod end
local function pod_calls_key(pod) return prefix .. 'pod:' .. pod .. ':calls' end
local function pool_pods_key(pool) return prefix .. 'pool:' .. pool .. ':pods' end
local function pool_available_key(pool) return prefix .. 'pool:' .. pool .. ':available' end
local function pool_probe_failed_key(pool) return prefix .. 'pool:' .. pool .. ':probe_failed' end
local function merchant_calls_key(merchant) return prefix .. 'merchant:' .. merchant .. ':calls' end
local function call_lock_key(sid) return prefix .. 'lock:call:' .. sid end
local function waiter_key(sid) return prefix .. 'waiter:' .. sid end
local function pool_waiting_key(pool) return prefix .. 'waiting:' .. pool end
local function waited_key(sid) return prefix .. 'waited:' .. sid end
local function request_key(id) return prefix .. 'request:' .. id end
local waiting_key = prefix .. 'waiting'
local calls_key = prefix .. 'calls'
local calls_joined_key = prefix .. 'calls:joined'
local pods_key = prefix .. 'pods'
local pods_due_key = prefix .. 'pods:due'
local applied_key = prefix .. 'config:applied'
local events_key = prefix .. 'events'
local settle_lock_key = prefix .. 'lock:task:settle'

-- Id of the data's history on this primary; nil on a replica, which may still hold what its primary has overtaken.
local function replication_id()
  local info = redis.call('INFO', 'replication')
  return string.find(info, 'role:master', 1, true) and string.match(info, 'master_replid:(%w+)') or nil
end

-- Whether that is the id, by what costs least: every script asks.
local function is_replication_id(id)
  local info = redis.call('INFO', 'replication')
  return string.find(info, 'master_replid:' .. id .. '\r', 1, true) and string.find(info, 'role:master', 1, true)
end

-- The gate: nil if this data set is open and was opened on this primary (or is being settled on it by the holder of the
-- token, who keeps the lock by each step, also by one that finds nothing to do); else the answer to give, before
-- anything is written.
local function gate_refusal()
  local epoch = redis.call('HMGET', KEYS[1], 'state', 'replid', 'token')
  if epoch[2] and is_replication_id(epoch[2]) then
    if ARGV[1] == '' then
      if epoch[1] == 'open' then return nil end
    elseif epoch[1] == 'settling' and epoch[3] == ARGV[1] then
      redis.call('SET', settle_lock_key, ARGV[1], 'PX', SETTLE_LOCK_MS)
      return nil
    end
  end
  return { 'unsettled', epoch[1] or 'absent' }
end

-- Number of this transition. Always the first write of a script.
local function next_seq()
  redis.call('XLEN', events_key) -- fails here, before any write, if the key is of another type
  return text(redis.call('HINCRBY', KEYS[1], 'seq', 1))
end

-- Number of the last transition that left an event; 0 if none did.
local function last_event_seq()
  local last = redis.call('XREVRANGE', events_key, '+', '-', 'COUNT', 1)[1]
  return last and tonumber(string.match(last[1], '^%d+')) or 0
end

local function add_event(seq, type, ...)
  redis.call('XADD', events_key, 'MAXLEN', '~', EVENTS_KEPT, seq .. '-0', 'type', type, ...)
end

-- resourceVersions are decimal strings of any length: by length, then by text.
local function is_newer(version, than)
  if #version ~= #than then return #version > #than end
  return version > than
end

local function object_of(incarnation) return string.sub(incarnation, 1, 16) end
local function container_of(incarnation) return string.sub(incarnation, 18) end
local function is_incarnation(value)
  return value and string.find(value, '^[0-9a-f]+%.[0-9a-f]*$') and string.sub(value, 17, 17) == '.'
    and (#value == 17 or #value == 29)
end

---------------------------------------------------------------------------------------------------- calls

-- A call's record as it stands, or nil: enough to end the call, whatever is wrong with the rest of it.
local function read_record(sid)
  local v = redis.call('HMGET', call_key(sid), 'state', 'pod', 'incarnation', 'pool', 'lease', 'provider', 'account',
    'merchant', 'allocated_at', 'connect_by', 'ended_at', 'end_reason', 'connected_at', 'seq', 'continues',
    'stream_ended_at', 'request')
  if not v[1] then return nil end
  return {
    sid = sid, state = v[1], pod = v[2] or '', incarnation = v[3] or '', pool = v[4] or '', lease = v[5] or '',
    provider = v[6] or '', account = v[7] or '', merchant = v[8] or '', allocated_at = v[9] or '',
    connect_by = v[10] or '', ended_at = v[11] or '', end_reason = v[12] or '', connected_at = v[13] or '',
    seq = v[14] or '', continues = tonumber(v[15] or 0) or 0, stream_ended_at = v[16] or '',
    request = v[17] or '',
  }
end

-- The part of a call's record that its end needs, read as read_record reads the whole.
local function read_holding(sid)
  local v = redis.call('HMGET', call_key(sid), 'state', 'pod', 'pool', 'lease', 'provider', 'account', 'merchant',
    'ended_at')
  if not v[1] then return nil end
  return {
    sid = sid, state = v[1], pod = v[2] or '', pool = v[3] or '', lease = v[4] or '', provider = v[5] or '',
    account = v[6] or '', merchant = v[7] or '', ended_at = v[8] or '',
  }
end

local function is_live(call) return call.state == 'allocated' or call.state == 'connected' end
local function is_over(call) return call.state == 'ended' or call.state == 'lost' end

-- The call, if it is whole. It fails where the record does not say whether the call holds a pod, and which.
local function require_whole(call)
  local whole
  if is_live(call) then
    whole = call.pod ~= '' and tonumber(call.allocated_at) and (call.connect_by == '' or tonumber(call.connect_by))
  else
    whole = is_over(call) and tonumber(call.ended_at)
  end
  return whole and call or malformed('record of call ' .. call.sid)
end

-- A call that is whole, or nil.
local function read_call(sid)
  local call = read_record(sid)
  return call and require_whole(call)
end

-- Whether a proven provider and account may act on the call. '' on either side is no claim.
local function is_owner(call, provider, account)
  if call.provider ~= '' and provider ~= '' and call.provider ~= provider then return false end
  return call.account == '' or account == '' or call.account == account
end

-- Fails, before any write, if an index that the call's record stands in is of another type; its pod's is read_pod's.
local function check_indexes(sid, merchant)
  redis.call('ZSCORE', calls_key, sid)
  if merchant ~= '' then redis.call('SISMEMBER', merchant_calls_key(merchant), sid) end
end

-- Its stream reached the pod, for the first time or again: from now on the longest length ends it, no other deadline.
-- `unconnected` is the pod's count of calls in a row that never connected, read before the first write.
local function connect(call, longest_ms, unconnected, seq)
  redis.call('HSET', call_key(call.sid), 'state', 'connected', 'seq', seq)
  redis.call('HSETNX', call_key(call.sid), 'connected_at', time)
  redis.call('HDEL', call_key(call.sid), 'stream_ended_at')
  redis.call('ZADD', calls_key, text(tonumber(call.allocated_at) + longest_ms), call.sid)
  if unconnected ~= '0' then redis.call('HSET', pod_key(call.pod), 'unconnected', '0') end
  add_event(seq, 'call_connected', 'sid', call.sid, 'pod', call.pod, 'lease', call.lease)
end

local function unconnected_of(pod) return redis.call('HGET', pod_key(pod), 'unconnected') or '0' end

-- Takes a live call out of every index and leaves its tombstone. The pod's place in its pool is the caller's to mend.
local function take_down(call, state, reason, seq)
  redis.call('HSET', call_key(call.sid), 'state', state, 'ended_at', time, 'end_reason', reason, 'seq', seq)
  redis.call('PEXPIRE', call_key(call.sid), TOMBSTONE_MS)
  redis.call('ZREM', calls_key, call.sid)
  redis.call('SREM', pod_calls_key(call.pod), call.sid)
  if call.merchant ~= '' then redis.call('SREM', merchant_calls_key(call.merchant), call.sid) end
end

-- Tells of a live call's end, which take_down wrote: all of it that a mirror does not know of the call already.
local function add_end(call, reason, seq)
  add_event(seq, 'call_ended', 'sid', call.sid, 'pod', call.pod, 'lease', call.lease, 'reason', reason,
    'ended_at', time)
end

-- Leaves the tombstone of a call that never had a record, and tells of its end. `whose` says by what right it ended.
local function remember_end(sid, at, reason, whose, seq)
  redis.call('HSET', call_key(sid), 'state', 'ended', 'ended_at', at, 'end_reason', reason, 'seq', seq)
  for _, field in ipairs({ 'provider', 'account', 'lease' }) do
    if (whose[field] or '') ~= '' then redis.call('HSET', call_key(sid), field, whose[field]) end
  end
  redis.call('PEXPIRE', call_key(sid), TOMBSTONE_MS)
  add_event(seq, 'call_ended', 'sid', sid, 'reason', reason)
end

---------------------------------------------------------------------------------------------------- pods

-- A pod's record with the number of its live calls, or nil; a gone pod's tombstone has state 'gone'. It fails where the
-- record cannot be read whole, for then nobody knows whether the pod is free.
local function read_pod(name)
  local v = redis.call('HMGET', pod_key(name), 'state', 'incarnation', 'version', 'pool', 'capacity', 'placement',
    'address', 'kubernetes', 'drained', 'probe_failed_until', 'quarantined_until', 'moves_to', 'used', 'revision',
    'probe_failures', 'wanted', 'unconnected')
  if not v[1] then return nil end
  local what = 'record of pod ' .. name
  if not is_incarnation(v[2]) then malformed(what) end
  return {
    name = name, state = v[1], incarnation = v[2], version = v[3] or '', pool = v[4] or '',
    capacity = number_of(v[5], what), placement = v[6] or '', address = v[7] or '', kubernetes = v[8] or '',
    drained = v[9] or '', probe_failed_until = number_of(v[10], what), quarantined_until = number_of(v[11], what),
    moves_to = v[12] or '', used = text(number_of(v[13], what)), revision = v[14] or '',
    probe_failures = number_of(v[15], what), wanted = v[16] or '', unconnected = number_of(v[17], what),
    calls = redis.call('SCARD', pod_calls_key(name)),
  }
end

-- The part of a pod's record that its calls touch, read as read_pod reads the whole.
local function read_slots(name)
  local v = redis.call('HMGET', pod_key(name), 'state', 'incarnation', 'pool', 'capacity', 'placement', 'address',
    'kubernetes', 'moves_to', 'used')
  if not v[1] then return nil end
  local what = 'record of pod ' .. name
  if not is_incarnation(v[2]) then malformed(what) end
  return {
    name = name, state = v[1], incarnation = v[2], pool = v[3] or '', capacity = number_of(v[4], what),
    placement = v[5] or '', address = v[6] or '', kubernetes = v[7] or '', moves_to = v[8] or '',
    used = text(number_of(v[9], what)), calls = redis.call('SCARD', pod_calls_key(name)),
  }
end

-- A pod that can be read, or nil: for scripts that can do without this one. `read` is one of the two above.
local function readable(read, name)
  local is_whole, pod = pcall(read, name)
  return is_whole and pod or nil
end

-- Fails, before any write, if an index that a pod of this pool stands in is of another type.
local function check_pool(name, pool)
  redis.call('SISMEMBER', pods_key, name)
  redis.call('ZSCORE', pods_due_key, name)
  redis.call('SISMEMBER', pool_pods_key(pool), name)
  redis.call('ZSCORE', pool_available_key(pool), name)
  redis.call('ZSCORE', pool_probe_failed_key(pool), name)
end

-- The pod's state from its facts: the one place where it is derived. First match wins.
local function derived_state(pod)
  if pod.kubernetes == 'deleting' or pod.drained == '1' then return 'draining' end
  if pod.kubernetes ~= 'ready' or pod.probe_failed_until > now or pod.quarantined_until > now then return 'suspect' end
  return 'ready'
end

-- The lowest score is the pod to take: the least recently used, the least loaded, or the lowest ordinal.
local function placement_score(pod)
  if pod.placement == 'pack' then return string.match(pod.name, '(%d+)$') or '0' end
  if pod.placement == 'load' then return text(pod.calls) end
  return pod.used
end

-- In `available` if and only if it is ready, has a free slot and awaits no move.
local function stand_in_pool(pod)
  if pod.state == 'ready' and pod.calls < pod.capacity and pod.moves_to == '' then
    redis.call('ZADD', pool_available_key(pod.pool), placement_score(pod), pod.name)
  else
    redis.call('ZREM', pool_available_key(pod.pool), pod.name)
  end
end

local function leave_pool(pod)
  redis.call('SREM', pool_pods_key(pod.pool), pod.name)
  redis.call('ZREM', pool_available_key(pod.pool), pod.name)
  redis.call('ZREM', pool_probe_failed_key(pod.pool), pod.name)
end

-- Writes a pod's facts, the state that follows from them, and when that state will change by time alone.
local function write_pod(pod, seq)
  pod.state = derived_state(pod)
  redis.call('HSET', pod_key(pod.name), 'state', pod.state, 'incarnation', pod.incarnation, 'version', pod.version,
    'pool', pod.pool, 'capacity', text(pod.capacity), 'placement', pod.placement, 'address', pod.address,
    'kubernetes', pod.kubernetes, 'drained', pod.drained, 'probe_failed_until', text(pod.probe_failed_until),
    'quarantined_until', text(pod.quarantined_until), 'moves_to', pod.moves_to, 'used', pod.used,
    'revision', pod.revision, 'probe_failures', text(pod.probe_failures), 'wanted', pod.wanted,
    'unconnected', text(pod.unconnected), 'seq', seq)
  local due = 0
  if pod.probe_failed_until > now then due = pod.probe_failed_until end
  if pod.quarantined_until > now and (due == 0 or pod.quarantined_until < due) then due = pod.quarantined_until end
  if due > 0 then
    redis.call('ZADD', pods_due_key, text(due), pod.name)
  else
    redis.call('ZREM', pods_due_key, pod.name)
  end
  if pod.probe_failed_until > now then
    redis.call('ZADD', pool_probe_failed_key(pod.pool), text(pod.probe_failed_until), pod.name)
  else
    redis.call('ZREM', pool_probe_failed_key(pod.pool), pod.name)
  end
  stand_in_pool(pod)
end

-- Whether the pod may be kept from calls for a while because it did not answer. Never more than half of a pool: then it
-- is the network that fails, not the pods.
local function may_fail(pod)
  local failed = redis.call('ZCOUNT', pool_probe_failed_key(pod.pool), '(' .. time, '+inf')
  if pod.probe_failed_until <= now then failed = failed + 1 end
  return failed * 2 <= redis.call('SCARD', pool_pods_key(pod.pool))
end

-- Keeps the pod from calls, longer with each failure in a row; its record is the caller's to write.
local function fail(pod, first_ms, longest_ms)
  pod.probe_failed_until = now + math.min(first_ms * 2 ^ math.min(pod.probe_failures, 16), longest_ms)
  pod.probe_failures = pod.probe_failures + 1
end

-- A call never reached the pod: the second one in a row keeps it from calls for a while. `may` is may_fail(pod), read
-- before the first write; the record is the caller's to write.
local function count_unreached(pod, may, first_ms, longest_ms)
  if pod.unconnected >= 1 and may then
    pod.unconnected = 0
    fail(pod, first_ms, longest_ms)
  else
    pod.unconnected = pod.unconnected + 1
  end
end

-- What the applied configuration says of a pool: capacity, target, placement; nil if it knows no such pool.
local function pool_policy(pool)
  local policy = redis.call('HGET', applied_key, 'policy:' .. pool)
  if not policy and string.sub(pool, 1, 9) == 'merchant:' then
    policy = redis.call('HGET', applied_key, 'policy:merchant:*')
  end
  if not policy then return nil end
  local capacity, target, placement = string.match(policy, '^(%d+) (%d+) (%a+)$')
  return { capacity = tonumber(capacity), target = tonumber(target), placement = placement }
end

-- The pools of the tiers, in order, each with its policy and how many pods stand in it.
local function read_tiers()
  local tiers = {}
  for pool in string.gmatch(redis.call('HGET', applied_key, 'order') or '', '%S+') do
    tiers[#tiers + 1] = { pool = pool, policy = pool_policy(pool), pods = redis.call('SCARD', pool_pods_key(pool)) }
  end
  return tiers
end

-- Where a pod goes that asks for no pool: to the tier furthest below its target, else to the last; nil if there is none.
local function neediest(tiers)
  local best, deficit = tiers[#tiers], 0
  for _, tier in ipairs(tiers) do
    local missing = tier.policy.target - tier.pods
    if missing > deficit then best, deficit = tier, missing end
  end
  return best
end

-- A new incarnation takes its place in its pool. Of an older one nothing stands there any more.
local function register(pod, policy, seq)
  pod.capacity, pod.placement, pod.used = policy.capacity, policy.placement, seq
  pod.drained, pod.moves_to, pod.unconnected = '0', '', 0
  pod.probe_failures, pod.probe_failed_until = 0, 0
  redis.call('SADD', pods_key, pod.name)
  redis.call('SADD', pool_pods_key(pod.pool), pod.name)
  write_pod(pod, seq)
end

-- The pod that a call is about to leave, all checked that free_slot writes; nil where there is no record of it: then
-- the call leaves it all the same, and nobody is told that the pod is free. `read`: read_slots, or read_pod for a script
-- that writes the pod's record.
local function slot_of(call, read)
  local pod = read(call.pod)
  if pod and pod.state ~= 'gone' and pod.moves_to ~= '' then pod = read_pod(call.pod) end -- free_slot may write it
  if not pod or pod.state == 'gone' then
    redis.call('SISMEMBER', pod_calls_key(call.pod), call.sid)
    return nil
  end
  redis.call('ZSCORE', pool_available_key(pod.pool), pod.name)
  pod.move = pod.moves_to ~= '' and pool_policy(pod.moves_to) or nil
  if pod.move then
    check_pool(pod.name, pod.pool)
    check_pool(pod.name, pod.moves_to)
  end
  return pod
end

-- The pod has lost a call; if that was the last one that a move waited for, it moves. `pod` is slot_of(call).
local function free_slot(pod, seq)
  if not pod then return end
  pod.calls = redis.call('SCARD', pod_calls_key(pod.name))
  pod.used = seq
  if pod.calls == 0 and pod.move then
    leave_pool(pod)
    pod.pool, pod.moves_to, pod.capacity, pod.placement = pod.moves_to, '', pod.move.capacity, pod.move.placement
    redis.call('SADD', pool_pods_key(pod.pool), pod.name)
    write_pod(pod, seq)
  else
    redis.call('HSET', pod_key(pod.name), 'used', seq, 'seq', seq)
    stand_in_pool(pod)
  end
end

-- The live calls of a pod that is about to lose its incarnation, read before the first write. One that cannot be read
-- keeps none of the others from their end.
local function calls_of(pod)
  local calls = {}
  for _, sid in ipairs(redis.call('SMEMBERS', pod_calls_key(pod.name))) do
    pcall(function()
      local call = read_record(sid)
      if call then
        check_indexes(sid, call.merchant)
        calls[#calls + 1] = call
      end
    end)
  end
  return calls
end

-- Whether anything of the pod stands here. If its record does not, it may hold calls that nobody counts.
local function has_trace(name)
  return redis.call('EXISTS', pod_key(name), pod_calls_key(name)) > 0 or redis.call('SISMEMBER', pods_key, name) == 1
end

-- The live calls of such a pod. It reads all live calls, for the pod's own index may be lost as well.
local function calls_without_record(name)
  local calls = {}
  for _, sid in ipairs(redis.call('ZRANGE', calls_key, 0, -1)) do
    pcall(function()
      local call = read_record(sid)
      if call and call.pod == name and not is_over(call) then
        check_indexes(sid, call.merchant)
        calls[#calls + 1] = call
      end
    end)
  end
  return calls
end

-- The configured pools in which such a pod stands.
local function pools_without_record(name)
  local pools, seen = {}, {}
  local applied = redis.call('HGETALL', applied_key)
  for i = 1, #applied, 2 do
    if applied[i] == 'order' or string.sub(applied[i], 1, 5) == 'chain' then
      for pool in string.gmatch(applied[i + 1], '%S+') do
        if not seen[pool] and redis.call('SISMEMBER', pool_pods_key(pool), name) == 1 then
          check_pool(name, pool)
          pools[#pools + 1] = pool
        end
        seen[pool] = true
      end
    end
  end
  return pools
end

-- Ends the calls of a gone incarnation as lost, and returns their sids.
local function lose(calls, seq)
  local sids = {}
  for _, call in ipairs(calls) do
    take_down(call, 'lost', 'pod_gone', seq)
    sids[#sids + 1] = call.sid
  end
  return sids
end

-- Leaves the tombstone of a gone pod: what an event about it that arrives late is held against.
local function bury(pod, seq)
  redis.call('DEL', pod_key(pod.name), pod_calls_key(pod.name))
  redis.call('HSET', pod_key(pod.name), 'state', 'gone', 'incarnation', pod.incarnation, 'version', pod.version,
    'seq', seq)
  redis.call('PEXPIRE', pod_key(pod.name), TOMBSTONE_MS)
  redis.call('SREM', pods_key, pod.name)
  redis.call('ZREM', pods_due_key, pod.name)
end

---------------------------------------------------------------------------------------------------- waiting

-- A call that waits for a pod, or nil. It stands in the queue of each pool of its chain, in order of arrival.
local function read_waiter(sid)
  local v = redis.call('HMGET', waiter_key(sid), 'arrived', 'since', 'pools', 'provider', 'account', 'merchant')
  if not v[1] then return nil end
  local waiter = { sid = sid, arrived = tonumber(v[1]), since = tonumber(v[2]), pools = {}, provider = v[4] or '',
    account = v[5] or '', merchant = v[6] or '' }
  for pool in string.gmatch(v[3] or '', '%S+') do waiter.pools[#waiter.pools + 1] = pool end
  return waiter
end

-- Fails, before any write, if a queue that the waiter stands in is of another type.
local function check_queues(sid, pools)
  redis.call('ZSCORE', waiting_key, sid)
  for _, pool in ipairs(pools) do redis.call('ZSCORE', pool_waiting_key(pool), sid) end
end

local function leave_queues(waiter)
  redis.call('DEL', waiter_key(waiter.sid))
  redis.call('ZREM', waiting_key, waiter.sid)
  for _, pool in ipairs(waiter.pools) do redis.call('ZREM', pool_waiting_key(pool), waiter.sid) end
end

-- Since when a call waited that is in no queue now, and its place if it keeps it; or nil. So a question that is repeated
-- after the longest wait, or after a round that took too long, does not begin a new wait.
local function read_waited(sid)
  local since, arrived = string.match(redis.call('GET', waited_key(sid)) or '', '^(%d+) (%d*)$')
  return since and { since = tonumber(since), arrived = arrived } or nil
end

local function remember_waited(waiter, arrived)
  redis.call('SET', waited_key(waiter.sid), text(waiter.since) .. ' ' .. arrived, 'PX', WAITED_MS)
end

-- How many calls that still ask stand in the pool's queue before one that arrived then, counted up to `most`. Those that
-- do not ask any more are passed over; expire takes them out.
local function count_before(pool, behind, most)
  local found, from = 0, 0
  while found < most and from < 2000 do
    local sids = redis.call('ZRANGEBYSCORE', pool_waiting_key(pool), '-inf', behind, 'LIMIT', from, 100)
    for _, sid in ipairs(sids) do
      if tonumber(redis.call('ZSCORE', waiting_key, sid) or 0) > now then found = found + 1 end
    end
    if #sids < 100 then break end
    from = from + 100
  end
  return found
end

-- How many calls the pool's available pods could take now, counted up to `enough`.
local function free_slots(pool, enough)
  local slots = redis.call('ZCARD', pool_available_key(pool)) -- each has at least one
  if slots >= enough then return slots end
  slots = 0
  for _, name in ipairs(redis.call('ZRANGE', pool_available_key(pool), 0, -1)) do
    local pod = readable(read_slots, name)
    if pod then slots = slots + math.max(0, pod.capacity - pod.calls) end
    if slots >= enough then break end
  end
  return slots
end

---------------------------------------------------------------------------------------------------- choosing

-- The pools to ask for a merchant, in order, and how many calls it may have at once (nil: no limit).
local function chain_of(merchant)
  local v = redis.call('HMGET', applied_key, 'chain', 'chain:' .. merchant, 'limit:' .. merchant)
  local chain = {}
  for pool in string.gmatch(v[2] or v[1] or '', '%S+') do chain[#chain + 1] = pool end
  return chain, v[3] and number_of(v[3], 'limit of ' .. merchant) or nil
end

-- The pod to take: the first available one of the first pool that has one, but for those in `tried` (a set of at most
-- three names). Entries that do not hold what the index promises are passed over, never taken; at most 64 of a pool.
-- `behind`: '' takes whatever is there; else ('(' and an arrival, or '+inf') a pool is passed over while calls that wait
-- there and arrived before could take all that it has.
local function first_available(chain, tried, behind)
  local queued = behind ~= '' and redis.call('EXISTS', waiting_key) == 1
  for _, pool in ipairs(chain) do
    local from, names = 0, redis.call('ZRANGE', pool_available_key(pool), 0, 3)
    if queued and #names > 0 then
      local policy = pool_policy(pool)
      local most = redis.call('ZCARD', pool_available_key(pool)) * (policy and policy.capacity or 1)
      local before = count_before(pool, behind, most)
      local taken = before >= most or before > 0 and free_slots(pool, before + 1) <= before
      if taken then names = {} end
    end
    while #names > 0 do
      for _, name in ipairs(names) do
        local pod = not tried[name] and readable(read_slots, name)
        if pod and pod.state == 'ready' and pod.calls < pod.capacity and pod.pool == pool and pod.moves_to == '' then
          return pod
        end
      end
      from = from + #names
      names = #names == 4 and from < 64 and redis.call('ZRANGE', pool_available_key(pool), from, from + 3) or {}
    end
  end
  return nil
end

-- Whether something is due by time alone that may free a pod.
local function is_due()
  return redis.call('ZRANGEBYSCORE', calls_key, '-inf', time, 'LIMIT', 0, 1)[1]
    or redis.call('ZRANGEBYSCORE', pods_due_key, '-inf', time, 'LIMIT', 0, 1)[1]
end

-- Gives the pod to the call. `deadline` is when the call must have ended or connected. `event` tells of it with the
-- record, so that no mirror has to read that; nil where the caller tells, for the record holds more.
local function give(call, pod, deadline, seq, event)
  local record = { 'state', 'allocated', 'seq', seq, 'pod', pod.name, 'incarnation', pod.incarnation, 'pool', pod.pool,
    'lease', call.lease, 'allocated_at', call.allocated_at }
  local length = #record
  for _, field in ipairs({ 'provider', 'account', 'merchant', 'connect_by', 'request' }) do
    if (call[field] or '') ~= '' then
      record[length + 1], record[length + 2] = field, call[field]
      length = length + 2
    end
  end
  if call.continues > 0 then record[length + 1], record[length + 2] = 'continues', text(call.continues) end
  redis.call('HSET', call_key(call.sid), unpack(record))
  local ends = text(deadline)
  redis.call('ZADD', calls_key, ends, call.sid)
  redis.call('SADD', pod_calls_key(pod.name), call.sid)
  if call.merchant ~= '' then redis.call('SADD', merchant_calls_key(call.merchant), call.sid) end
  pod.calls = pod.calls + 1
  stand_in_pool(pod)
  if event then add_event(seq, event, 'sid', call.sid, 'deadline', ends, unpack(record, 5)) end -- state and seq go without saying
end

-- What a script answers of a call that holds a pod; `seq` is that of its record, for the asking router's mirror.
local function holding(word, call, pod, address, pool, seq)
  return { word, time, pod, call.incarnation, address, pool, call.lease, call.allocated_at, call.connect_by,
    call.provider, call.account, call.merchant, text(call.continues), seq,
    word == 'existing' and call.state or 'allocated' }
end

-- Takes a call back that nobody has been told of, as if it had never been allocated; one that had a pod before is lost.
local function withdraw(call, pod, seq)
  redis.call('DEL', call_lock_key(call.sid))
  if call.continues > 0 then
    take_down(call, 'lost', 'pod_failed', seq)
  else
    redis.call('DEL', call_key(call.sid))
    redis.call('ZREM', calls_key, call.sid)
    redis.call('SREM', pod_calls_key(call.pod), call.sid)
    if call.merchant ~= '' then redis.call('SREM', merchant_calls_key(call.merchant), call.sid) end
  end
  free_slot(pod, seq)
  add_event(seq, 'call_withdrawn', 'sid', call.sid, 'pod', call.pod, 'lease', call.lease)
end
