-- heartbeat: an agent proves by a genuine token that it serves a call; also its word that the stream has arrived. Or a
-- stream with that token asks to be let through to its pod.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 pod · 4 incarnation · 5 pool · 6 lease · 7 allocated_at (ms)
--          8 connect_by (ms, '' = none) · 9 provider · 10 account · 11 merchant · 12 longest call (ms)
--          13 quarantine (ms) · 14 continues · 15 1 = a stream that connects, 0 = a heartbeat, '' = connected
-- Returns  {unsettled, state} · {live, address} · {restored, address} · {ended} · {stale_lease} · {unknown_call} ·
--          {unknown_pod} · {too_late} a stream that did not connect in time
-- Keeps    only the call's present lease makes it `connected`. A call that is unknown stands again where its token says,
--          if that incarnation is the pod's present one, and only as long as its end cannot have been forgotten: one that
--          is older than the data set for minutes after the opening, one that is younger (another primary gave it, in a
--          split or after a failover) for as long as a tombstone lives. Of two calls that then share a pod both stand;
--          but no stream is let through to a pod that serves others in all of its slots. A quarantined pod whose agent
--          serves a call that is not counted on it stays in quarantine.

local refusal = gate_refusal()
if refusal then return refusal end

local STREAM_BACK_MS = 3000 -- longer than a last heartbeat is on its way
local RESTORE_MS = 300000 -- at least; much less than a tombstone lives

local sid, claimed, lease = ARGV[2], ARGV[4], ARGV[6]
local call = read_call(sid)
local pod = read_pod(ARGV[3])
if pod and pod.state == 'gone' then pod = nil end

if call and is_live(call) and call.lease == lease then
  local address = redis.call('HGET', pod_key(call.pod), 'address') or ''
  local connecting = ARGV[15] == '1'
  if connecting and address == '' then return { 'unknown_pod' } end
  -- A stream that broke may come back to a call that has connected, but the first one has its time. A heartbeat a while
  -- after a stream's end says that another one is there, whose start was told by nobody.
  local first = call.state == 'allocated'
  if connecting and first and call.connect_by ~= '' and now > tonumber(call.connect_by) then return { 'too_late' } end
  local back = call.stream_ended_at ~= '' and (connecting or now - tonumber(call.stream_ended_at) >= STREAM_BACK_MS)
  if first or back then
    check_indexes(sid, call.merchant)
    local unconnected = unconnected_of(call.pod)
    connect(call, tonumber(ARGV[12]), unconnected, next_seq())
  end
  -- When the agent was last heard, for the question that its silence is. No transition: neither seq nor event; and a
  -- heartbeat that a full Redis cannot note is a heartbeat all the same.
  if ARGV[15] == '0' then redis.pcall('HSET', call_key(sid), 'heartbeat_at', time) end
  return { 'live', address }
end

local allocated_at = tonumber(ARGV[7])
local opened_at = tonumber(redis.call('HGET', KEYS[1], 'opened_at') or 0)
local unforgotten
if allocated_at < opened_at then
  unforgotten = now < opened_at + math.max(2 * tonumber(ARGV[13]), RESTORE_MS)
else
  unforgotten = now < allocated_at + TOMBSTONE_MS
end
unforgotten = unforgotten and now < allocated_at + tonumber(ARGV[12])
-- What an agent said of its own lease alone, of a call that this data set never knew, ends no other lease.
local of_another = call and call.state == 'ended' and call.pod == '' and call.lease ~= '' and call.lease ~= lease
if (not call or of_another) and unforgotten and pod and pod.incarnation == claimed then
  if ARGV[15] == '1' then
    if ARGV[8] ~= '' and now > tonumber(ARGV[8]) then return { 'too_late' } end
    local others = pod.calls - redis.call('SISMEMBER', pod_calls_key(pod.name), sid)
    if others > 0 and others >= pod.capacity then return { 'stale_lease' } end
  end
  local deadline = math.max(allocated_at + tonumber(ARGV[12]), now + tonumber(ARGV[13]))
  local merchant = ARGV[11]
  check_indexes(sid, merchant)
  local waiter = read_waiter(sid)
  if waiter then check_queues(sid, waiter.pools) end
  redis.call('ZSCORE', pool_available_key(pod.pool), pod.name)
  local seq = next_seq()
  if waiter then leave_queues(waiter) end
  if of_another then redis.call('DEL', call_key(sid)) end
  give({ sid = sid, lease = lease, allocated_at = ARGV[7], connect_by = ARGV[8], provider = ARGV[9],
    account = ARGV[10], merchant = merchant, continues = tonumber(ARGV[14]) }, pod, deadline, seq)
  redis.call('HSET', call_key(sid), 'state', 'connected', 'connected_at', time, 'pool', ARGV[5])
  if ARGV[15] == '0' then redis.call('HSET', call_key(sid), 'heartbeat_at', time) end -- it may have been the last
  add_event(seq, 'call_restored', 'sid', sid, 'pod', pod.name, 'lease', lease)
  return { 'restored', pod.address }
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
if not unforgotten then return { 'unknown_call' } end
if not pod then return { 'unknown_pod' } end
return { 'stale_lease' }
