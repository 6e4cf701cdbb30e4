-- settle_open: the data set is whole: it opens, on this primary.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 id of the data set
-- Returns  {unsettled, state} · {opened, seq}
-- Keeps    seq only rises: above every one that this data set has seen, and above what an old primary still counts.

local refusal = gate_refusal()
if refusal then return refusal end

local last = redis.call('XREVRANGE', events_key, '+', '-', 'COUNT', 1)[1]
local seen = last and tonumber(string.match(last[1], '^%d+')) or 0
local seq = math.max(now_us, seen + 1, tonumber(redis.call('HGET', KEYS[1], 'seq') or 0) + 1)
redis.call('HSET', KEYS[1], 'id', ARGV[2], 'state', 'open', 'token', '', 'replid', replication_id(),
  'opened_at', text(now), 'seq', text(seq))
redis.call('DEL', settle_lock_key)
add_event(text(seq), 'opened', 'id', ARGV[2])
return { 'opened', text(seq) }
