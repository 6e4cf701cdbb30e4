-- settle_deadlines: no deadline lies before the opening plus the quarantine, for a lost `connected` must end no call.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 quarantine (ms) · 3 how many calls at once
-- Returns  {unsettled, state} · {more} · {done}
-- Keeps    a call that is live in the data set lives at least until its agent had the time to speak for it.

local refusal = gate_refusal()
if refusal then return refusal end

local earliest = text(now + tonumber(ARGV[2]))
local due = redis.call('ZRANGEBYSCORE', calls_key, '-inf', '(' .. earliest, 'LIMIT', 0, ARGV[3])
if #due == 0 then return { 'done' } end
local seq = next_seq()
-- Once more as late: those that were moved are not found again while the clock goes on.
local later = text(now + 2 * tonumber(ARGV[2]))
for _, sid in ipairs(due) do redis.call('ZADD', calls_key, later, sid) end
add_event(seq, 'deadlines_moved', 'calls', tostring(#due))
return { 'more' }
