-- repair: one thing that a look at the whole data set found wrong is mended, if its record is still as it was seen.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 token of the lock of the task `reconcile`
--          3 what: call (its indexes follow its record), lost (its incarnation is gone), denied (its agent does not
--            serve it), pod (its indexes and state follow its record), waiter (its queues follow its record)
--          4 sid or pod · 5 seq of the record as seen, of a waiter its place ('' = no record) · 6 lease ('' = none)
--          7 incarnation: the pod's as seen ('' = the pod was not known) · 8 version of a pod
--          9 longest call (ms) · 10 quarantine (ms) · 11 how long a call may be without a stream (ms)
--          12 pool that a pod belongs in ('' = its own) · 13 1 = Kubernetes said that the call's incarnation is gone
--          14 … kind, name: where it was seen (pod, merchant, pool)
-- Returns  {unsettled, state} · {mended} · {nothing} it is in order · {changed} the record is another ·
--          {not_ours} the lock is another's
-- Keeps    records are what counts, and indexes follow them; nobody ends a call here whose incarnation lives but for its
--          agent's denial of that lease. Whoever lost the lock, or saw an older record, changes nothing; done twice it
--          does nothing.

local refusal = gate_refusal()
if refusal then return refusal end

local function task_lock_key(task) return prefix .. 'lock:task:' .. task end
if redis.call('GET', task_lock_key('reconcile')) ~= ARGV[2] then return { 'not_ours' } end

local what, name = ARGV[3], ARGV[4]
local longest, quarantine, grace = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local WAITER_MS = 25000 -- two and a half of the default time between two questions

local places = { pod = {}, merchant = {}, pool = {} }
for i = 14, #ARGV, 2 do places[ARGV[i]][#places[ARGV[i]] + 1] = ARGV[i + 1] end

-- The pod with where its move goes, checked for writing; nil if it is not there.
local function writable(pod_name)
  local pod = pod_name ~= '' and read_pod(pod_name) or nil
  if not pod or pod.state == 'gone' then return nil end
  check_pool(pod.name, pod.pool)
  local move = pod.moves_to ~= '' and pool_policy(pod.moves_to) or nil
  if move then check_pool(pod.name, pod.moves_to) end
  return { pod = pod, move = move }
end

-- Its calls are counted anew; it moves if that was all that its move waited for.
local function stand_anew(target, seq)
  local pod, move = target.pod, target.move
  pod.calls = redis.call('SCARD', pod_calls_key(pod.name))
  if pod.calls == 0 and move then
    leave_pool(pod)
    pod.pool, pod.moves_to, pod.capacity, pod.placement = pod.moves_to, '', move.capacity, move.placement
    redis.call('SADD', pool_pods_key(pod.pool), pod.name)
  end
  write_pod(pod, seq)
end

-- The latest deadline that the call's record allows; a settlement may have moved one to twice the quarantine.
local function latest_deadline(call)
  local opened_at = tonumber(redis.call('HGET', KEYS[1], 'opened_at') or 0)
  local latest = tonumber(call.allocated_at) + longest
  if call.state == 'allocated' and call.connect_by ~= '' then latest = tonumber(call.connect_by) end
  return math.max(latest, opened_at + 2 * quarantine)
end

local function mend_call(call)
  local live = call and is_live(call)
  local score = tonumber(redis.call('ZSCORE', calls_key, name) or -1)
  local deadline = live and latest_deadline(call) or -1
  -- A restored call that is older than the longest one has the time of a quarantine from then on.
  local late = live and score > deadline + 2 * quarantine
  local missing = live and score < 0
  local found = late or missing or (not live and score >= 0)
  local pods, merchants, targets = {}, {}, {}
  for _, pod in ipairs(places.pod) do
    if not (live and pod == call.pod) and redis.call('SISMEMBER', pod_calls_key(pod), name) == 1 then
      pods[#pods + 1] = pod
      targets[#targets + 1] = writable(pod)
    end
  end
  for _, merchant in ipairs(places.merchant) do
    if not (live and merchant == call.merchant) and redis.call('SISMEMBER', merchant_calls_key(merchant), name) == 1 then
      merchants[#merchants + 1] = merchant
    end
  end
  local not_on_pod = live and redis.call('SISMEMBER', pod_calls_key(call.pod), name) == 0
  local not_at_merchant = live and call.merchant ~= ''
    and redis.call('SISMEMBER', merchant_calls_key(call.merchant), name) == 0
  if not_on_pod then targets[#targets + 1] = writable(call.pod) end
  if not (found or #pods > 0 or #merchants > 0 or not_on_pod or not_at_merchant) then return { 'nothing' } end

  local seq = next_seq()
  for _, pod in ipairs(pods) do redis.call('SREM', pod_calls_key(pod), name) end
  for _, merchant in ipairs(merchants) do redis.call('SREM', merchant_calls_key(merchant), name) end
  if not_on_pod then redis.call('SADD', pod_calls_key(call.pod), name) end
  if not_at_merchant then redis.call('SADD', merchant_calls_key(call.merchant), name) end
  if missing and call.stream_ended_at ~= '' then deadline = math.min(deadline, now + grace) end
  if missing or late then redis.call('ZADD', calls_key, text(deadline), name) end
  if not live then redis.call('ZREM', calls_key, name) end
  if call and not live and not tonumber(call.ended_at) then -- a tombstone says when, and goes after its time
    redis.call('HSET', call_key(name), 'ended_at', time, 'seq', seq)
    redis.call('PEXPIRE', call_key(name), TOMBSTONE_MS)
  end
  for _, target in ipairs(targets) do stand_anew(target, seq) end
  add_event(seq, 'index_mended', 'sid', name)
  return { 'mended' }
end

local function end_call(call, state, reason, event)
  check_indexes(name, call.merchant)
  local target = writable(call.pod)
  local seq = next_seq()
  take_down(call, state, reason, seq)
  if target then
    target.pod.used = seq
    stand_anew(target, seq)
  end
  add_event(seq, event, 'sid', name, 'pod', call.pod, 'lease', call.lease, 'reason', reason)
  return { 'mended' }
end

local function mend_gone(pod)
  local found = redis.call('SISMEMBER', pods_key, name) == 1 or redis.call('ZSCORE', pods_due_key, name)
  for _, pool in ipairs(places.pool) do
    check_pool(name, pool)
    found = found or redis.call('SISMEMBER', pool_pods_key(pool), name) == 1
      or redis.call('ZSCORE', pool_available_key(pool), name) or redis.call('ZSCORE', pool_probe_failed_key(pool), name)
  end
  if not found then return { 'nothing' } end
  local seq = next_seq()
  redis.call('SREM', pods_key, name)
  redis.call('ZREM', pods_due_key, name)
  for _, pool in ipairs(places.pool) do leave_pool({ name = name, pool = pool }) end
  add_event(seq, 'index_mended', 'pod', name)
  return { 'mended' }
end

local function mend_pod(target)
  local pod = target.pod
  local belongs = ARGV[12] ~= '' and ARGV[12] ~= pod.pool and ARGV[12] ~= pod.moves_to and pool_policy(ARGV[12]) or nil
  if belongs then check_pool(name, ARGV[12]) end
  local others = {}
  for _, pool in ipairs(places.pool) do
    if pool ~= pod.pool then
      check_pool(name, pool)
      others[#others + 1] = pool
    end
  end
  local state = derived_state(pod)
  local takes = state == 'ready' and pod.calls < pod.capacity and pod.moves_to == ''
  local waits = pod.probe_failed_until > now or pod.quarantined_until > now
  local in_order = pod.state == state and not belongs and #others == 0 and not (pod.calls == 0 and target.move)
    and redis.call('SISMEMBER', pods_key, name) == 1 and redis.call('SISMEMBER', pool_pods_key(pod.pool), name) == 1
    and takes == (redis.call('ZSCORE', pool_available_key(pod.pool), name) and true or false)
    and waits == (redis.call('ZSCORE', pods_due_key, name) and true or false)
  if in_order then return { 'nothing' } end

  local seq = next_seq()
  for _, pool in ipairs(others) do leave_pool({ name = name, pool = pool }) end
  if belongs then
    pod.moves_to = ARGV[12]
    target.move = belongs
  end
  redis.call('SADD', pods_key, name)
  redis.call('SADD', pool_pods_key(pod.pool), name)
  stand_anew(target, seq)
  add_event(seq, 'pod_updated', 'pod', name, 'state', pod.state)
  return { 'mended' }
end

local function mend_waiter(waiter, call)
  local leaves = not waiter or #waiter.pools == 0 or (call and call.state ~= 'lost')
  local own, missing, wrong = {}, {}, {}
  for _, pool in ipairs(waiter and waiter.pools or {}) do
    own[pool] = true
    if not redis.call('ZSCORE', pool_waiting_key(pool), name) then missing[#missing + 1] = pool end
  end
  for _, pool in ipairs(places.pool) do
    if (leaves or not own[pool]) and redis.call('ZSCORE', pool_waiting_key(pool), name) then wrong[#wrong + 1] = pool end
  end
  local indexed = redis.call('ZSCORE', waiting_key, name)
  if not leaves and indexed and #missing == 0 and #wrong == 0 then return { 'nothing' } end
  if not waiter and not indexed and #wrong == 0 then return { 'nothing' } end
  local seq = next_seq()
  for _, pool in ipairs(wrong) do redis.call('ZREM', pool_waiting_key(pool), name) end
  if leaves then
    leave_queues(waiter or { sid = name, pools = {} })
  else
    for _, pool in ipairs(missing) do redis.call('ZADD', pool_waiting_key(pool), text(waiter.arrived), name) end
    if not indexed then redis.call('ZADD', waiting_key, text(now + WAITER_MS), name) end
  end
  add_event(seq, 'index_mended', 'sid', name)
  return { 'mended' }
end

if what == 'waiter' then
  local waiter = read_waiter(name)
  if (waiter and text(waiter.arrived) or '') ~= ARGV[5] then return { 'changed' } end
  return mend_waiter(waiter, read_call(name))
end
if what == 'pod' then
  local pod = read_pod(name)
  local seq = pod and (redis.call('HGET', pod_key(name), 'seq') or '') or ''
  if seq ~= ARGV[5] or (pod and pod.incarnation or '') ~= ARGV[7] or (pod and pod.version or '') ~= ARGV[8] then
    return { 'changed' }
  end
  if not pod or pod.state == 'gone' then return mend_gone(pod) end
  return mend_pod(writable(name))
end

local call = read_record(name)
if call and not is_over(call) then require_whole(call) end -- of one that is over, nothing else counts
if (call and call.seq or '') ~= ARGV[5] or (call and call.lease or '') ~= ARGV[6] then return { 'changed' } end
if what == 'call' then return mend_call(call) end
if not call or not is_live(call) then return { 'nothing' } end
local pod = read_pod(call.pod)
if (pod and pod.incarnation or '') ~= ARGV[7] then return { 'changed' } end
if what == 'denied' then
  if not pod or pod.state == 'gone' then return { 'changed' } end
  return end_call(call, 'ended', 'agent_denied', 'call_ended')
end
if pod and pod.state ~= 'gone' and pod.incarnation == call.incarnation then return { 'nothing' } end
if not pod and ARGV[13] ~= '1' then return { 'nothing' } end
return end_call(call, 'lost', 'pod_gone', 'call_lost')
