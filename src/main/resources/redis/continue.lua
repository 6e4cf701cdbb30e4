-- continue: the call's stream is over and its caller is still there. If its pod no longer serves, the call gets another
-- one; if the pod is well, the conversation was over, and the call ends.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 provider · 4 account · 5 lease whose stream it was ('' = not said)
--          6 lease to give · 7 not_after (ms, Redis' time) · 8 longest call (ms) · 9 time to connect (ms, 0 = not seen)
--          10 lock token ('' = no probe) · 11 lock life (ms) · 12 how often a call may get another pod
--          13 what was found out about its pod: '' = nothing yet, serves, fails · 14 lease of the call then
--          15 how long a question that names no lease is taken for a repeated one after the pod changed (ms)
--          16 first back-off (ms) · 17 longest back-off (ms) of a pod that calls do not reach
-- Returns  {unsettled, state} · {too_late, now ms} · {busy} · {not_owner, now ms} · {unknown, now ms}
--          {over, now ms, reason} end the call · {limit, now ms} it had as many pods as it may
--          {ask, now ms, pod, incarnation, address, lease} find out whether that pod serves
--          {allocated|existing, now ms, …} as allocate · {due, now ms} · {exhausted, now ms, merchant, pool…} it is lost
-- Keeps    a call moves only off a pod that is known not to serve, or that its stream never reached where connecting is
--          seen, and only off the lease whose stream ended: the same question asked again, however late, gets the same
--          pod. The old slot is free in the step in which the new one is taken.

local refusal = gate_refusal()
if refusal then return refusal end

local sid = ARGV[2]
if now > tonumber(ARGV[7]) then return { 'too_late', time } end
local call = read_call(sid)
if not call then return { 'unknown', time } end
if not is_owner(call, ARGV[3], ARGV[4]) then return { 'not_owner', time } end
-- A stream that did not come in time lost its call, not its caller.
local unreached = call.state == 'ended' and call.end_reason == 'never_connected'
  and (ARGV[5] == '' or ARGV[5] == call.lease)
if call.state == 'ended' and not unreached then return { 'over', time, call.end_reason } end
local lock = redis.call('GET', call_lock_key(sid))
if lock and lock ~= ARGV[10] then return { 'busy' } end

local waiter = read_waiter(sid)
local live, old = is_live(call), nil
if live then
  old = slot_of(call, read_pod)
  local found = ARGV[14] == call.lease and ARGV[13] or ''
  unreached = call.state == 'allocated' and call.connect_by ~= ''
  -- A pod without a record serves nobody.
  local fails = unreached or found == 'fails' or not old or old.kubernetes ~= 'ready'
  local repeated = ARGV[5] ~= '' and ARGV[5] ~= call.lease
  if ARGV[5] == '' and call.continues > 0 and now - tonumber(call.allocated_at) < tonumber(ARGV[15]) then
    repeated = unreached or not fails
  end
  if repeated then return holding('existing', call, call.pod, old and old.address or '', call.pool, call.seq) end
  if not fails and found == '' then
    return { 'ask', time, old.name, old.incarnation, old.address, call.lease }
  end
  check_indexes(sid, call.merchant)
  local limit = fails and call.continues >= tonumber(ARGV[12])
  if not fails or limit then
    local reason = limit and 'continue_limit' or 'stream_ended'
    local seq = next_seq()
    take_down(call, 'ended', reason, seq)
    free_slot(old, seq)
    add_end(call, reason, seq)
    if limit then return { 'limit', time } end
    return { 'over', time, reason }
  end
elseif call.continues >= tonumber(ARGV[12]) then
  if waiter then check_queues(sid, waiter.pools) end
  local seq = next_seq()
  if waiter then leave_queues(waiter) end
  redis.call('HSET', call_key(sid), 'state', 'ended', 'ended_at', time, 'end_reason', 'continue_limit', 'seq', seq)
  redis.call('PEXPIRE', call_key(sid), TOMBSTONE_MS)
  add_event(seq, 'call_ended', 'sid', sid, 'reason', 'continue_limit')
  return { 'limit', time }
end

-- Its caller was already served: neither the queue nor the merchant's limit stands before it.
local chain = chain_of(call.merchant)
local pod = first_available(chain, live and { [call.pod] = true } or {}, '')
if not pod then
  if is_due() then return { 'due', time } end
  if live or unreached then
    local seq = next_seq()
    take_down(call, 'lost', 'pod_failed', seq)
    free_slot(old, seq)
    add_event(seq, 'call_lost', 'sid', sid, 'pod', call.pod, 'lease', call.lease)
  end
  return { 'exhausted', time, call.merchant, unpack(chain) }
end
check_indexes(sid, call.merchant)
if waiter then check_queues(sid, waiter.pools) end
if old and unreached then check_pool(old.name, old.pool) end
local may = old and unreached and may_fail(old)

local seq = next_seq()
if live then
  redis.call('SREM', pod_calls_key(call.pod), sid)
  free_slot(old, seq)
  if old and unreached then
    count_unreached(old, may, tonumber(ARGV[16]), tonumber(ARGV[17]))
    write_pod(old, seq)
  end
end
if waiter then leave_queues(waiter) end
redis.call('DEL', call_key(sid))
local connect_ms = tonumber(ARGV[9])
call.lease, call.allocated_at, call.incarnation = ARGV[6], time, pod.incarnation
call.connect_by = connect_ms > 0 and text(now + connect_ms) or ''
call.continues = call.continues + 1
give(call, pod, now + (connect_ms > 0 and connect_ms or tonumber(ARGV[8])), seq, 'call_continued')
if ARGV[10] ~= '' then redis.call('SET', call_lock_key(sid), ARGV[10], 'PX', ARGV[11]) end
return holding('allocated', call, pod.name, pod.address, pod.pool, seq)
