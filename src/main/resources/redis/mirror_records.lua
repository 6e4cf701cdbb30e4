-- mirror_records: the records that events named, as they stand now, for a router's mirror that follows. mirror.lua stands
-- before it.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 id of the data set · 3 seq of the last event that the mirror has or has just read
--          4… for each record: kind (call or pod), name, seq of the last event that says something of it ('' if none does)
-- Returns  {unsettled, state} · {gap} another data set, or its newest events are missing · {records, its seq, number of
--          values that follow, fields and values of that event (none if it is not there any more)…, copy…}
-- Keeps    everything: it writes nothing. It is asked after the events were read, also if they named no record: its answer
--          says that this is still the data set that they are of. If it has that same event, those before it are the same
--          as well, and not another primary's that took a way of its own: what it writes at a seq is not what this one does.

local refusal = gate_refusal()
if refusal then return refusal end

local epoch = redis.call('HMGET', KEYS[1], 'id', 'seq')
local upto, newest = tonumber(ARGV[3]), tonumber(epoch[2])
if epoch[1] ~= ARGV[2] or not newest or (upto < newest and last_event_seq() < newest) then return { 'gap' } end

local event = redis.call('XRANGE', events_key, ARGV[3] .. '-0', ARGV[3] .. '-0')[1]
local answer = { 'records', epoch[2], text(event and #event[2] or 0) }
for _, value in ipairs(event and event[2] or {}) do answer[#answer + 1] = value end
for i = 4, #ARGV, 3 do
  if ARGV[i] == 'call' then
    add_call(answer, ARGV[i + 1], ARGV[i + 2])
  else
    add_pod(answer, ARGV[i + 1])
  end
end
return answer
