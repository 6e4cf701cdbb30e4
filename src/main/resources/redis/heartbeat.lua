-- heartbeat: an agent proves by a genuine token that it serves a call; also its word that the stream has arrived.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 pod · 4 incarnation · 5 pool · 6 lease · 7 allocated_at (ms)
--          8 connect_by (ms, '' = none) · 9 provider · 10 account · 11 merchant · 12 longest call (ms)
--          13 quarantine (ms)
-- Returns  {unsettled, state} · {live} · {restored} · {ended} · {stale_lease} · {unknown_call} · {unknown_pod}
-- Keeps    only the call's present lease makes it `connected`; a call that is older than the data set and unknown to
--          it stands again where its token says, if that incarnation is the pod's present one; a quarantined pod whose
--          agent serves a call that is not counted on it stays in quarantine.

local refusal = gate_refusal()
if refusal then return refusal end

local sid, claimed, lease = ARGV[2], ARGV[4], ARGV[6]
local call = read_call(sid)
local pod = read_pod(ARGV[3])
if pod and pod.state == 'gone' then pod = nil end

if call and is_live(call) and call.lease == lease then
  if call.state == 'connected' then return { 'live' } end
  check_indexes(sid, call.merchant)
  local seq = next_seq()
  redis.call('HSET', call_key(sid), 'state', 'connected', 'connected_at', text(now), 'seq', seq)
  redis.call('ZADD', calls_key, text(tonumber(call.allocated_at) + tonumber(ARGV[12])), sid)
  add_event(seq, 'call_connected', 'sid', sid, 'pod', call.pod, 'lease', lease)
  return { 'live' }
end

local allocated_at = tonumber(ARGV[7])
local opened_at = tonumber(redis.call('HGET', KEYS[1], 'opened_at') or 0)
local older = allocated_at < opened_at
if not call and older and pod and pod.incarnation == claimed then
  local deadline = math.max(allocated_at + tonumber(ARGV[12]), now + tonumber(ARGV[13]))
  local merchant = ARGV[11]
  check_indexes(sid, merchant)
  redis.call('ZSCORE', pool_available_key(pod.pool), pod.name)
  local seq = next_seq()
  give({ sid = sid, lease = lease, allocated_at = ARGV[7], connect_by = ARGV[8], provider = ARGV[9],
    account = ARGV[10], merchant = merchant }, pod, deadline, seq)
  redis.call('HSET', call_key(sid), 'state', 'connected', 'connected_at', text(now), 'pool', ARGV[5])
  add_event(seq, 'call_restored', 'sid', sid, 'pod', pod.name, 'lease', lease)
  return { 'restored' }
end

-- The agent serves somebody whom this data set does not count on its pod.
if pod and pod.quarantined_until > now and object_of(pod.incarnation) == object_of(claimed) then
  check_pool(pod.name, pod.pool)
  local seq = next_seq()
  pod.quarantined_until = math.max(pod.quarantined_until, now + tonumber(ARGV[13]))
  write_pod(pod, seq)
  add_event(seq, 'pod_quarantined', 'pod', pod.name)
end
if call then
  if call.state == 'ended' then return { 'ended' } end
  return { 'stale_lease' }
end
if not older then return { 'unknown_call' } end
if not pod then return { 'unknown_pod' } end
return { 'stale_lease' }
