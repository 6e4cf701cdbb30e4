-- mirror_next: what was touched after a transition, as its records stand now: how a router's mirror follows. mirror.lua
-- stands before it.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 id of the data set · 3 seq up to which the mirror follows · 4 events at once
-- Returns  {unsettled, state} · {gap} another data set, or events between are missing · {done|more, seq, copy…}
-- Keeps    everything: it writes nothing. Events, records and the gate are of one moment, so a mirror that follows by it
--          knows each transition up to `seq` of that data set, and none of another one.

local refusal = gate_refusal()
if refusal then return refusal end

local epoch = redis.call('HMGET', KEYS[1], 'id', 'seq')
local last, most = tonumber(ARGV[3]), tonumber(ARGV[4])
if epoch[1] ~= ARGV[2] then return { 'gap' } end
local events = redis.call('XRANGE', events_key, text(last + 1) .. '-0', '+', 'COUNT', most)

local SAYS_NOTHING = { call_waits = true, call_waited = true, index_mended = true }
local KIND = { sid = 'call', sids = 'call', lost = 'call', call = 'call', pod = 'pod', pods = 'pod' }
local seen, order = { call = {}, pod = {} }, {}
for i, event in ipairs(events) do
  local seq = last + i
  if event[1] ~= text(seq) .. '-0' then return { 'gap' } end
  local fields = event[2]
  for f = 3, #fields, 2 do -- the first is its type
    local kind = KIND[fields[f]]
    for name in string.gmatch(kind and fields[f + 1] or '', '%S+') do
      if not seen[kind][name] then order[#order + 1] = { kind, name } end
      seen[kind][name] = SAYS_NOTHING[fields[2]] and seen[kind][name] or text(seq)
      seen[kind][name] = seen[kind][name] or ''
    end
  end
end
local upto = last + #events
local more = #events == most
if not more and tonumber(epoch[2]) ~= upto then return { 'gap' } end

local answer = { more and 'more' or 'done', text(upto) }
for _, entry in ipairs(order) do
  if entry[1] == 'call' then
    add_call(answer, entry[2], seen.call[entry[2]])
  else
    add_pod(answer, entry[2])
  end
end
return answer
