-- What every script shares; put before each one when it is loaded. It writes nothing by itself.
--
-- KEYS[1]  <prefix>:epoch. All other keys are made from its prefix here, and in RedisKeys by the same names.
-- ARGV[1]  token of a settlement, or '' for everybody else: who may pass the gate
--
-- Every script reads, decodes and checks all that it needs before its first write, because Redis rolls nothing back;
-- its first write is next_seq(), which Redis refuses when it is full, so that nothing is written by halves.

local prefix = string.sub(KEYS[1], 1, -6)
local TOMBSTONE_MS = 3600000
local EVENTS_KEPT = 100000
local SETTLE_LOCK_MS = 3000

local function text(number) -- '..' would round a seq
  return string.format('%.0f', number)
end

local function redis_time_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local now_us = redis_time_us()
local now = math.floor(now_us / 1000)

local function call_key(sid) return prefix .. 'call:' .. sid end
local function pod_key(pod) return prefix .. 'pod:' .. pod end
local function pod_calls_key(pod) return prefix .. 'pod:' .. pod .. ':calls' end
local function pool_pods_key(pool) return prefix .. 'pool:' .. pool .. ':pods' end
local function pool_available_key(pool) return prefix .. 'pool:' .. pool .. ':available' end
local function pool_probe_failed_key(pool) return prefix .. 'pool:' .. pool .. ':probe_failed' end
local function merchant_calls_key(merchant) return prefix .. 'merchant:' .. merchant .. ':calls' end
local function call_lock_key(sid) return prefix .. 'lock:call:' .. sid end
local calls_key = prefix .. 'calls'
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

-- The gate: nil if this data set is open and was opened on this primary (or is being settled by the holder of the
-- token); else the answer to give, before anything is written.
local function gate_refusal()
  local epoch = redis.call('HMGET', KEYS[1], 'state', 'replid', 'token')
  if ARGV[1] == '' then
    if epoch[1] == 'open' and epoch[2] and epoch[2] == replication_id() then return nil end
  elseif epoch[1] == 'settling' and epoch[3] == ARGV[1] then
    return nil
  end
  return { 'unsettled', epoch[1] or 'absent' }
end

-- Number of this transition. Always the first write of a script. A settlement that goes on keeps its lock.
local function next_seq()
  redis.call('XLEN', events_key) -- fails here, before any write, if the key is of another type
  local seq = text(redis.call('HINCRBY', KEYS[1], 'seq', 1))
  if ARGV[1] ~= '' then redis.call('PEXPIRE', settle_lock_key, SETTLE_LOCK_MS) end
  return seq
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

---------------------------------------------------------------------------------------------------- calls

local function read_call(sid)
  local v = redis.call('HMGET', call_key(sid), 'state', 'pod', 'incarnation', 'pool', 'lease', 'provider', 'account',
    'merchant', 'allocated_at', 'connect_by', 'ended_at', 'end_reason', 'connected_at', 'seq')
  if not v[1] then return nil end
  return {
    sid = sid, state = v[1], pod = v[2] or '', incarnation = v[3] or '', pool = v[4] or '', lease = v[5] or '',
    provider = v[6] or '', account = v[7] or '', merchant = v[8] or '', allocated_at = v[9] or '',
    connect_by = v[10] or '', ended_at = v[11] or '', end_reason = v[12] or '', connected_at = v[13] or '',
    seq = v[14] or '',
  }
end

local function is_live(call) return call.state == 'allocated' or call.state == 'connected' end

-- Whether a proven provider and account may act on the call. '' on either side is no claim.
local function is_owner(call, provider, account)
  if call.provider ~= '' and provider ~= '' and call.provider ~= provider then return false end
  return call.account == '' or account == '' or call.account == account
end

-- Fails, before any write, if an index that the call's record stands in is of another type.
local function check_indexes(sid, merchant)
  redis.call('ZSCORE', calls_key, sid)
  if merchant ~= '' then redis.call('SISMEMBER', merchant_calls_key(merchant), sid) end
end

-- Takes a live call out of every index and leaves its tombstone. The pod's place in its pool is the caller's to mend.
local function take_down(call, state, reason, seq)
  redis.call('HSET', call_key(call.sid), 'state', state, 'ended_at', text(now), 'end_reason', reason, 'seq', seq)
  redis.call('PEXPIRE', call_key(call.sid), TOMBSTONE_MS)
  redis.call('ZREM', calls_key, call.sid)
  redis.call('SREM', pod_calls_key(call.pod), call.sid)
  if call.merchant ~= '' then redis.call('SREM', merchant_calls_key(call.merchant), call.sid) end
end

---------------------------------------------------------------------------------------------------- pods

-- A pod's record with the number of its live calls, or nil; a gone pod's tombstone has state 'gone'.
local function read_pod(name)
  local v = redis.call('HMGET', pod_key(name), 'state', 'incarnation', 'version', 'pool', 'capacity', 'placement',
    'address', 'kubernetes', 'drained', 'probe_failed_until', 'quarantined_until', 'moves_to', 'used', 'revision',
    'probe_failures', 'wanted')
  if not v[1] then return nil end
  return {
    name = name, state = v[1], incarnation = v[2], version = v[3], pool = v[4] or '', capacity = tonumber(v[5] or 0),
    placement = v[6] or '', address = v[7] or '', kubernetes = v[8] or '', drained = v[9] or '',
    probe_failed_until = tonumber(v[10] or 0), quarantined_until = tonumber(v[11] or 0), moves_to = v[12] or '',
    used = v[13] or '0', revision = v[14] or '', probe_failures = tonumber(v[15] or 0),
    wanted = v[16] or '',
    calls = redis.call('SCARD', pod_calls_key(name)),
  }
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
    'revision', pod.revision, 'probe_failures', text(pod.probe_failures), 'wanted', pod.wanted, 'seq', seq)
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

-- The pod has one call less; if that was the last one that a move waited for, it moves. Returns where it stands now.
-- `move` is pool_policy(pod.moves_to), read before the first write.
local function free_slot(pod, move, seq)
  pod.calls = pod.calls - 1
  pod.used = seq
  if pod.moves_to ~= '' and pod.calls == 0 and move then
    leave_pool(pod)
    pod.pool, pod.moves_to, pod.capacity, pod.placement = pod.moves_to, '', move.capacity, move.placement
    redis.call('SADD', pool_pods_key(pod.pool), pod.name)
    write_pod(pod, seq)
  else
    redis.call('HSET', pod_key(pod.name), 'used', seq, 'seq', seq)
    stand_in_pool(pod)
  end
end

-- The live calls of a pod that is about to lose its incarnation, read before the first write.
local function calls_of(pod)
  local calls = {}
  for _, sid in ipairs(redis.call('SMEMBERS', pod_calls_key(pod.name))) do
    local call = read_call(sid)
    if call then
      check_indexes(sid, call.merchant)
      calls[#calls + 1] = call
    end
  end
  return calls
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

---------------------------------------------------------------------------------------------------- choosing

-- The pools to ask for a merchant, in order.
local function chain_of(merchant)
  local v = redis.call('HMGET', applied_key, 'chain', 'chain:' .. merchant)
  local chain = {}
  for pool in string.gmatch(v[2] or v[1] or '', '%S+') do chain[#chain + 1] = pool end
  return chain
end

-- The pod to take: the first available one of the first pool that has one, but for those in `tried` (a set of at most
-- three names). Entries that do not hold what the index promises are passed over, never taken.
local function first_available(chain, tried)
  for _, pool in ipairs(chain) do
    for _, name in ipairs(redis.call('ZRANGE', pool_available_key(pool), 0, 3)) do
      if not tried[name] then
        local pod = read_pod(name)
        if pod and pod.state == 'ready' and pod.calls < pod.capacity and pod.pool == pool and pod.moves_to == '' then
          return pod
        end
      end
    end
  end
  return nil
end

-- Gives the pod to the call. `deadline` is when the call must have ended or connected.
local function give(call, pod, deadline, seq)
  redis.call('HSET', call_key(call.sid), 'state', 'allocated', 'pod', pod.name, 'incarnation', pod.incarnation,
    'pool', pod.pool, 'lease', call.lease, 'allocated_at', call.allocated_at, 'seq', seq)
  local optional = { 'provider', 'account', 'merchant', 'connect_by' }
  for _, field in ipairs(optional) do
    if call[field] ~= '' then redis.call('HSET', call_key(call.sid), field, call[field]) end
  end
  redis.call('ZADD', calls_key, text(deadline), call.sid)
  redis.call('SADD', pod_calls_key(pod.name), call.sid)
  if call.merchant ~= '' then redis.call('SADD', merchant_calls_key(call.merchant), call.sid) end
  pod.calls = pod.calls + 1
  stand_in_pool(pod)
end

-- Takes a call back that nobody has been told of: as if it had never been allocated.
local function withdraw(call, pod, move, seq)
  redis.call('DEL', call_key(call.sid), call_lock_key(call.sid))
  redis.call('ZREM', calls_key, call.sid)
  redis.call('SREM', pod_calls_key(pod.name), call.sid)
  if call.merchant ~= '' then redis.call('SREM', merchant_calls_key(call.merchant), call.sid) end
  free_slot(pod, move, seq)
  add_event(seq, 'call_withdrawn', 'sid', call.sid, 'pod', pod.name, 'lease', call.lease)
end
