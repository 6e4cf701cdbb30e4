-- replace: a call whose pod did not answer the probe moves to another pod, or is withdrawn if there is none.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 lease that the mover began with · 4 its lock token · 5 new lease
--          6 longest call (ms) · 7 time to connect (ms, 0 = none) · 8 lock life (ms) · 9 … pods tried, at most three
-- Returns  {unsettled, state} · {stale, now ms} the lease or the lock is another's: read again ·
--          {allocated, now ms, …} as allocate · {exhausted, now ms, merchant, pool…}
-- Keeps    only who holds both the lease and the lock moves a call; the old slot is free in the same step in which the
--          new one is taken. A withdrawn call leaves nothing: nobody had been told of its lease.

local refusal = gate_refusal()
if refusal then return refusal end

local sid = ARGV[2]
local call = read_call(sid)
if redis.call('GET', call_lock_key(sid)) ~= ARGV[4] or not call or not is_live(call) or call.lease ~= ARGV[3] then
  return { 'stale', time }
end
local tried = {}
for i = 9, #ARGV do tried[ARGV[i]] = true end
local chain = chain_of(call.merchant)
local old, from = slot_of(call, read_slots), call.pod
local pod = first_available(chain, tried, '')
check_indexes(sid, call.merchant)

local seq = next_seq()
if not pod then
  withdraw(call, old, seq)
  return { 'exhausted', time, call.merchant, unpack(chain) }
end
redis.call('SREM', pod_calls_key(from), sid)
free_slot(old, seq)
local connect_ms = tonumber(ARGV[7])
call.lease, call.allocated_at = ARGV[5], time
call.connect_by, call.incarnation = connect_ms > 0 and text(now + connect_ms) or '', pod.incarnation
give(call, pod, now + (connect_ms > 0 and connect_ms or tonumber(ARGV[6])), seq)
redis.call('PEXPIRE', call_lock_key(sid), ARGV[8])
add_event(seq, 'call_moved', 'sid', sid, 'pod', pod.name, 'from', from, 'pool', pod.pool, 'lease', call.lease)
return holding('allocated', call, pod.name, pod.address, pod.pool, seq)
