-- settle_open: the data set is whole: it opens, on this primary.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token, which becomes the id of the data set: who took part knows it again
-- Returns  {unsettled, state} · {opened, seq}
-- Keeps    seq only rises: above every one that this data set has seen, and above what an old primary still counts.

local refusal = gate_refusal()
if refusal then return refusal end

local seq = math.max(now_us, last_event_seq() + 1, tonumber(redis.call('HGET', KEYS[1], 'seq') or 0) + 1)
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'state', 'open', 'token', '', 'opened_at', time, 'seq', text(seq))
redis.call('DEL', settle_lock_key)
redis.call('UNLINK', calls_joined_key)
add_event(text(seq), 'opened', 'id', ARGV[1])
return { 'opened', text(seq) }
