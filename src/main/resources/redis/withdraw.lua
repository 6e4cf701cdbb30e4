-- withdraw: a call that no pod answered for is taken back, as if it had never been allocated.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 lease that the mover began with · 4 its lock token
-- Returns  {unsettled, state} · {stale, now ms} the lease or the lock is another's: read again ·
--          {exhausted, now ms, merchant, pool…}
-- Keeps    only who holds both the lease and the lock takes it back; nobody had been told of its lease.

local refusal = gate_refusal()
if refusal then return refusal end

local sid = ARGV[2]
local call = read_call(sid)
if redis.call('GET', call_lock_key(sid)) ~= ARGV[4] or not call or not is_live(call) or call.lease ~= ARGV[3] then
  return { 'stale', time }
end
local pod, chain = slot_of(call, read_slots), chain_of(call.merchant)
check_indexes(sid, call.merchant)

local seq = next_seq()
withdraw(call, pod, seq)
return { 'exhausted', time, call.merchant, unpack(chain) }
