-- release: the call ends, and its slot is free.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 right: owner, operator or holder · 4 provider · 5 account
--          6 lease ('' = whatever lease the call has; a holder always names one) · 7 reason
-- Returns  {unsettled, state} · {released, pod, pool it stands in now, 1 if it drains} ·
--          {already_ended, pod, pool, ended_at} · {unknown} · {stale_lease} · {not_owner}
-- Keeps    a release proves ownership: an owner's provider and account are the call's, a holder's lease is the call's
--          present one; what is freed is the record's own slot. A proven end of an unknown call leaves a tombstone.

local refusal = gate_refusal()
if refusal then return refusal end

local sid, right, lease, reason = ARGV[2], ARGV[3], ARGV[6], ARGV[7]
local call = read_call(sid)
if not call then
  if right == 'holder' or lease ~= '' then return { 'unknown' } end
  redis.call('ZSCORE', calls_key, sid)
  local seq = next_seq()
  redis.call('HSET', call_key(sid), 'state', 'ended', 'ended_at', text(now), 'end_reason', reason, 'seq', seq)
  if ARGV[4] ~= '' then redis.call('HSET', call_key(sid), 'provider', ARGV[4]) end
  if ARGV[5] ~= '' then redis.call('HSET', call_key(sid), 'account', ARGV[5]) end
  redis.call('PEXPIRE', call_key(sid), TOMBSTONE_MS)
  add_event(seq, 'call_ended', 'sid', sid, 'reason', reason)
  return { 'unknown' }
end
if right == 'owner' and not is_owner(call, ARGV[4], ARGV[5]) then return { 'not_owner' } end
if call.state == 'ended' then return { 'already_ended', call.pod, call.pool, call.ended_at } end
if lease ~= '' and (call.lease ~= lease or call.state == 'lost') then return { 'stale_lease' } end
if right == 'holder' and lease == '' then return { 'stale_lease' } end

if call.state == 'lost' then -- holds nothing any more: only its memory changes
  local seq = next_seq()
  redis.call('HSET', call_key(sid), 'state', 'ended', 'ended_at', text(now), 'end_reason', reason, 'seq', seq)
  redis.call('PEXPIRE', call_key(sid), TOMBSTONE_MS)
  add_event(seq, 'call_ended', 'sid', sid, 'reason', reason)
  return { 'already_ended', call.pod, call.pool, text(now) }
end

local pod = read_pod(call.pod)
local move = pod.moves_to ~= '' and pool_policy(pod.moves_to) or nil
check_indexes(sid, call.merchant)
check_pool(pod.name, pod.pool)
if move then check_pool(pod.name, pod.moves_to) end

local seq = next_seq()
take_down(call, 'ended', reason, seq)
free_slot(pod, move, seq)
add_event(seq, 'call_ended', 'sid', sid, 'pod', pod.name, 'lease', call.lease, 'reason', reason)
return { 'released', pod.name, pod.pool, pod.state == 'draining' and '1' or '0' }
