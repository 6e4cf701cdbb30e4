-- allocate: the call gets the first available pod of its chain, or the answer that it has or had already.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 provider · 4 account · 5 merchant ('' = none)
--          6 lease to give if it is new · 7 not_after (ms, Redis' time) · 8 longest call (ms)
--          9 time to connect (ms, 0 = connecting is not seen) · 10 lock token ('' = no probe) · 11 lock life (ms)
-- Returns  {unsettled, state} · {too_late, now ms} · {busy} another request works on this call
--          {allocated|existing, now ms, pod, incarnation, address, pool, lease, allocated_at, connect_by, provider,
--           account, merchant} · {ended, now ms, ended_at, reason} · {not_owner, now ms}
--          {merchant_limit, now ms, limit} · {due, now ms} something may come free by expire · {exhausted, now ms, pool…}
-- Keeps    one call has one pod, whatever the number of requests; no pod holds more calls than its capacity; a lease
--          is written only before not_after, so none is made that nobody waits for any more.

local refusal = gate_refusal()
if refusal then return refusal end

local sid, provider, account, merchant = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local time = text(now)
if now > tonumber(ARGV[7]) then return { 'too_late', time } end

local call = read_call(sid)
local lock = redis.call('GET', call_lock_key(sid))
if call then
  if not is_owner(call, provider, account) then return { 'not_owner', time } end
  if call.state == 'ended' then return { 'ended', time, call.ended_at, call.end_reason } end
end
if lock and lock ~= ARGV[10] then return { 'busy' } end
if call and is_live(call) then
  local address = redis.call('HGET', pod_key(call.pod), 'address') or ''
  return { 'existing', time, call.pod, call.incarnation, address, call.pool, call.lease, call.allocated_at,
    call.connect_by, call.provider, call.account, call.merchant }
end

if call then -- lost: it keeps what it was, and gets a new pod
  if call.provider ~= '' then provider = call.provider end
  if call.account ~= '' then account = call.account end
  if call.merchant ~= '' then merchant = call.merchant end
end
if merchant ~= '' then
  local limit = redis.call('HGET', applied_key, 'limit:' .. merchant)
  if limit and redis.call('SCARD', merchant_calls_key(merchant)) >= tonumber(limit) then
    return { 'merchant_limit', time, limit }
  end
end

local chain = chain_of(merchant)
local pod = first_available(chain, {})
if not pod then
  local overdue = redis.call('ZRANGEBYSCORE', calls_key, '-inf', time, 'LIMIT', 0, 1)[1]
    or redis.call('ZRANGEBYSCORE', pods_due_key, '-inf', time, 'LIMIT', 0, 1)[1]
  if overdue then return { 'due', time } end
  return { 'exhausted', time, unpack(chain) }
end
check_indexes(sid, merchant)

local connect_ms = tonumber(ARGV[9])
local given = {
  sid = sid, provider = provider, account = account, merchant = merchant, lease = ARGV[6], allocated_at = time,
  connect_by = connect_ms > 0 and text(now + connect_ms) or '',
}
local seq = next_seq()
if call then redis.call('DEL', call_key(sid)) end
give(given, pod, now + (connect_ms > 0 and connect_ms or tonumber(ARGV[8])), seq)
if ARGV[10] ~= '' then redis.call('SET', call_lock_key(sid), ARGV[10], 'PX', ARGV[11]) end
add_event(seq, 'call_allocated', 'sid', sid, 'pod', pod.name, 'pool', pod.pool, 'lease', given.lease)
return { 'allocated', time, pod.name, pod.incarnation, pod.address, pod.pool, given.lease, time, given.connect_by,
  provider, account, merchant }
