-- release: the call ends, and its slot is free.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 right: owner, operator or holder · 4 provider · 5 account
--          6 lease ('' = whatever lease the call has; a holder always names one) · 7 reason
-- Returns  {unsettled, state} · {released, pod, pool it stands in now, 1 if it drains, sid, seq, now ms} ·
--          {already_ended, pod, pool, ended_at (, sid, seq: it was lost)} · {unknown} ·
--          {unknown, sid, seq, now ms} remembered · {stale_lease} · {not_owner}
-- Keeps    a release proves ownership: an owner's provider and account are the call's, a holder's lease is the call's
--          present one; what is freed is the record's own slot. A proven end of an unknown call leaves a tombstone;
--          a holder's names its lease, and speaks for no other.

local refusal = gate_refusal()
if refusal then return refusal end

local sid, right, lease, reason = ARGV[2], ARGV[3], ARGV[6], ARGV[7]
local call = read_holding(sid)
if not call and right ~= 'holder' then -- it may be named by the request that began it
  local begun = redis.call('GET', request_key(sid))
  local named = begun and (read_holding(begun) or read_waiter(begun))
  if named and (right ~= 'owner' or is_owner(named, ARGV[4], ARGV[5])) then
    sid = begun
    call = read_holding(sid)
  end
end
if not call then
  if right ~= 'holder' and lease ~= '' then return { 'unknown' } end
  local waiter = read_waiter(sid)
  if waiter then
    if right == 'holder' then return { 'unknown' } end -- the end of an earlier lease
    if right == 'owner' and not is_owner(waiter, ARGV[4], ARGV[5]) then return { 'not_owner' } end
    check_queues(sid, waiter.pools)
  end
  redis.call('ZSCORE', calls_key, sid)
  local seq = next_seq()
  if waiter then leave_queues(waiter) end
  remember_end(sid, time, reason, { provider = ARGV[4], account = ARGV[5], lease = lease }, seq)
  return { 'unknown', sid, seq, time }
end
if right == 'owner' and not is_owner(call, ARGV[4], ARGV[5]) then return { 'not_owner' } end
if call.state == 'ended' then return { 'already_ended', call.pod, call.pool, call.ended_at } end
if lease ~= '' and (call.lease ~= lease or call.state == 'lost') then return { 'stale_lease' } end
if right == 'holder' and lease == '' then return { 'stale_lease' } end

if call.state == 'lost' then -- holds nothing any more, but may wait for another pod
  local waiter = read_waiter(sid)
  if waiter then check_queues(sid, waiter.pools) end
  local seq = next_seq()
  redis.call('HSET', call_key(sid), 'state', 'ended', 'ended_at', time, 'end_reason', reason, 'seq', seq)
  redis.call('PEXPIRE', call_key(sid), TOMBSTONE_MS)
  if waiter then leave_queues(waiter) end
  add_event(seq, 'call_ended', 'sid', sid, 'reason', reason)
  return { 'already_ended', call.pod, call.pool, time, sid, seq }
end

local pod = slot_of(call, read_slots)
check_indexes(sid, call.merchant)

local seq = next_seq()
take_down(call, 'ended', reason, seq)
free_slot(pod, seq)
add_end(call, reason, seq)
return { 'released', call.pod, pod and pod.pool or call.pool, pod and pod.state == 'draining' and '1' or '0',
  sid, seq, time }
