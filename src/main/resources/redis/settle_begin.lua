-- settle_begin: one router takes the settlement of a data set whose gate is shut.
--
-- KEYS[1]  epoch
-- ARGV     1 '' · 2 token of this settlement
-- Returns  {open} nothing to do · {busy} another router settles · {begun, state before: absent, open or settling}
-- Keeps    one settlement at a time: each later write of it carries the token, and an older token's is refused.

if not gate_refusal() then return { 'open' } end
local before = redis.call('HGET', KEYS[1], 'state') or 'absent'
if redis.call('EXISTS', settle_lock_key) == 1 then return { 'busy' } end
redis.call('SET', settle_lock_key, ARGV[2], 'PX', SETTLE_LOCK_MS)
redis.call('HSET', KEYS[1], 'state', 'settling', 'token', ARGV[2])
return { 'begun', before }
