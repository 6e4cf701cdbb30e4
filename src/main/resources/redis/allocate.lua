-- allocate: the call gets the first available pod of its chain, or the answer that it has or had already, or a place in
-- the queue.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 provider · 4 account · 5 merchant ('' = none)
--          6 lease to give if it is new · 7 not_after (ms, Redis' time) · 8 longest call (ms)
--          9 time to connect (ms, 0 = connecting is not seen) · 10 lock token ('' = no probe) · 11 lock life (ms)
--          12 longest wait for a pod (ms, 0 = it does not wait) · 13 time between two questions of a waiter (ms)
--          14 id of the request that began the call ('' = none)
-- Returns  {unsettled, state} · {too_late, now ms} · {busy} another request works on this call
--          {allocated|existing, now ms, pod, incarnation, address, pool, lease, allocated_at, connect_by, provider,
--           account, merchant, continues, seq, state} · {ended, now ms, ended_at, reason} · {not_owner, now ms}
--          {merchant_limit, now ms, limit} · {due, now ms} something may come free by expire ·
--          {waiting, now ms, since ms, merchant} · {exhausted, now ms, merchant, pool…}
-- Keeps    one call has one pod, whatever the number of requests, and none that ended before, also where that end named
--          only the request that began the call; no pod holds more calls than its capacity; a lease
--          is written only before not_after, so none is made that nobody waits for any more. Calls that wait and still
--          ask are served in order of arrival, before new ones; a call that was lost goes before all, and no limit of its
--          merchant stands before it. Who misses two questions is out, and its longest wait goes on all the same.

local refusal = gate_refusal()
if refusal then return refusal end

local sid, provider, account, merchant = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local begun_by = ARGV[14] ~= sid and ARGV[14] or ''
if now > tonumber(ARGV[7]) then return { 'too_late', time } end

-- Of most calls nothing is known: then one command says so.
local known_sid = redis.call('EXISTS', call_key(sid), call_lock_key(sid), waiter_key(sid), waited_key(sid)) > 0
local call = known_sid and read_call(sid) or nil
local lock = known_sid and redis.call('GET', call_lock_key(sid))
if call then
  if not is_owner(call, provider, account) then return { 'not_owner', time } end
  if call.state == 'ended' then return { 'ended', time, call.ended_at, call.end_reason } end
end
if lock and lock ~= ARGV[10] then return { 'busy' } end
if call and is_live(call) then
  local address = redis.call('HGET', pod_key(call.pod), 'address') or ''
  return holding('existing', call, call.pod, address, call.pool, call.seq)
end

local waiter = known_sid and read_waiter(sid) or nil
local known = call or waiter
if known then -- lost or waiting: it keeps what it was
  if waiter and not is_owner(waiter, provider, account) then return { 'not_owner', time } end
  if known.provider ~= '' then provider = known.provider end
  if known.account ~= '' then account = known.account end
  if known.merchant ~= '' then merchant = known.merchant end
end
if not call and begun_by ~= '' then -- it may have ended by the only name that it had until now
  local named = read_call(begun_by)
  if named and named.state == 'ended' and named.lease == '' and is_owner(named, provider, account) then
    if waiter then check_queues(sid, waiter.pools) end
    local seq = next_seq()
    if waiter then leave_queues(waiter) end
    remember_end(sid, named.ended_at, named.end_reason, { provider = provider, account = account }, seq)
    return { 'ended', time, named.ended_at, named.end_reason }
  end
end
local chain, limit = chain_of(merchant)
if limit and merchant ~= '' and not call then -- a call that was lost had been let in before
  if redis.call('SCARD', merchant_calls_key(merchant)) >= limit then
    if waiter then -- it would hold up those behind it
      check_queues(sid, waiter.pools)
      local seq = next_seq()
      leave_queues(waiter)
      add_event(seq, 'call_waited', 'sid', sid)
    end
    return { 'merchant_limit', time, text(limit) }
  end
end

local waited = known_sid and not waiter and read_waited(sid) or nil
local behind = '+inf'
if call then
  behind = ''
elseif waiter then
  behind = '(' .. text(waiter.arrived)
elseif waited and waited.arrived ~= '' then
  behind = '(' .. waited.arrived
end
local pod = first_available(chain, {}, behind)
if not pod then
  if is_due() then return { 'due', time } end
  local longest = tonumber(ARGV[12])
  if longest == 0 then return { 'exhausted', time, merchant, unpack(chain) } end
  local since = waiter and waiter.since or waited and waited.since or now
  if now - since >= longest then
    if waiter then
      check_queues(sid, waiter.pools)
      local seq = next_seq()
      leave_queues(waiter)
      remember_waited(waiter, '')
      add_event(seq, 'call_waited', 'sid', sid)
    end
    return { 'exhausted', time, merchant, unpack(chain) }
  end
  check_queues(sid, chain)
  if waiter then check_queues(sid, waiter.pools) end
  local pools = table.concat(chain, ' ')
  local seq = next_seq()
  if not waiter or table.concat(waiter.pools, ' ') ~= pools then -- it is new, or its chain was edited
    local arrived = call and '0' or seq
    if waiter then
      arrived = text(waiter.arrived)
      leave_queues(waiter)
    elseif waited and waited.arrived ~= '' then
      arrived = waited.arrived
    end
    redis.call('HSET', waiter_key(sid), 'arrived', arrived, 'since', text(since), 'pools', pools,
      'provider', provider, 'account', account, 'merchant', merchant)
    for _, pool in ipairs(chain) do redis.call('ZADD', pool_waiting_key(pool), arrived, sid) end
    if begun_by ~= '' then
      redis.call('SET', request_key(begun_by), sid, 'PX', text(tonumber(ARGV[8]) + TOMBSTONE_MS))
    end
  end
  -- It asks again after one interval; after two and a half it has missed two.
  redis.call('ZADD', waiting_key, text(now + math.floor(2.5 * tonumber(ARGV[13]))), sid)
  add_event(seq, 'call_waits', 'sid', sid)
  return { 'waiting', time, text(since), merchant }
end
check_indexes(sid, merchant)
if waiter then check_queues(sid, waiter.pools) end

local connect_ms = tonumber(ARGV[9])
local given = {
  sid = sid, provider = provider, account = account, merchant = merchant, lease = ARGV[6], allocated_at = time,
  connect_by = connect_ms > 0 and text(now + connect_ms) or '', continues = call and call.continues + 1 or 0,
  incarnation = pod.incarnation, request = call and call.request or '',
}
if begun_by ~= '' then given.request = begun_by end
local seq = next_seq()
if call then redis.call('DEL', call_key(sid)) end
if waiter then
  leave_queues(waiter)
  if ARGV[10] ~= '' then remember_waited(waiter, text(waiter.arrived)) end -- if the pod fails its probe
elseif waited and ARGV[10] == '' then
  redis.call('DEL', waited_key(sid))
end
give(given, pod, now + (connect_ms > 0 and connect_ms or tonumber(ARGV[8])), seq, 'call_allocated')
if ARGV[10] ~= '' then redis.call('SET', call_lock_key(sid), ARGV[10], 'PX', ARGV[11]) end
if begun_by ~= '' then
  redis.call('SET', request_key(begun_by), sid, 'PX', text(tonumber(ARGV[8]) + TOMBSTONE_MS))
end
return holding('allocated', given, pod.name, pod.address, pod.pool, seq)
