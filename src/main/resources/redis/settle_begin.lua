-- settle_begin: one router takes the settlement of a data set whose gate is shut.
--
-- KEYS[1]  epoch
-- ARGV     1 '' · 2 token of this settlement
-- Returns  {open} nothing to do · {busy} another router settles · {begun, state before: absent, open or settling}
-- Keeps    one settlement at a time, on one primary: each later write of it carries the token, and an older token's is
--          refused, as is everybody's after a failover. A primary that took another replication id by itself lost
--          nothing, and needs no settlement. seq begins above every one that is seen here.

if not gate_refusal() then return { 'open' } end

local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local replid = replication_id()
local epoch = redis.call('HMGET', KEYS[1], 'state', 'replid', 'run_id', 'seq')

-- The id changes also on a primary that nobody touched: when its first replica attaches, and when it had none for an
-- hour. It is then the same process, and knows of no history before; a promoted replica does, or is another process.
local knows_no_other = string.match(redis.call('INFO', 'replication'), 'master_replid2:0+%s')
if epoch[1] == 'open' and replid and epoch[3] == run_id and knows_no_other then
  redis.call('HSET', KEYS[1], 'replid', replid)
  return { 'open' }
end

if epoch[1] == 'settling' and epoch[2] == replid and redis.call('EXISTS', settle_lock_key) == 1 then
  return { 'busy' }
end
local seq = math.max(tonumber(epoch[4] or 0), last_event_seq())
redis.call('SET', settle_lock_key, ARGV[2], 'PX', SETTLE_LOCK_MS)
redis.call('HDEL', KEYS[1], 'whole', 'joining')
redis.call('HSET', KEYS[1], 'state', 'settling', 'token', ARGV[2], 'replid', replid, 'run_id', run_id,
  'seq', text(seq))
return { 'begun', epoch[1] or 'absent' }
