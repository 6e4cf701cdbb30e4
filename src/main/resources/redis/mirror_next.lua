-- mirror_next: what was touched after a transition, as its records stand now: how a router's mirror follows. mirror.lua
-- stands before it.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 id of the data set · 3 seq up to which the mirror follows · 4 how many records are enough
-- Returns  {unsettled, state} · {gap} another data set, or events between are missing · {done|more, seq, copy…}
-- Keeps    everything: it writes nothing. Events, records and the gate are of one moment, so a mirror that follows by it
--          knows each transition up to `seq` of that data set, and none of another one. It is over soon, whatever happened:
--          an event may name all calls of a pod, so records are counted as well as events, and one event's at most are
--          shown beyond what is enough.

local refusal = gate_refusal()
if refusal then return refusal end

local EVENTS_AT_ONCE, MOST_EVENTS = 50, 500
local SAYS_NOTHING = { call_waits = true, call_waited = true, index_mended = true }
local KIND = { sid = 'call', sids = 'call', lost = 'call', call = 'call', pod = 'pod', pods = 'pod' }

local epoch = redis.call('HMGET', KEYS[1], 'id', 'seq')
local from, newest, enough = tonumber(ARGV[3]), tonumber(epoch[2]), tonumber(ARGV[4])
if epoch[1] ~= ARGV[2] or not newest then return { 'gap' } end

-- Each record that is named, with the seq of the last transition that says something of it.
local seen, order = { call = {}, pod = {} }, {}
local upto, stops = from, false
repeat
  local events = redis.call('XRANGE', events_key, text(upto + 1) .. '-0', '+', 'COUNT', EVENTS_AT_ONCE)
  for _, event in ipairs(events) do
    stops = #order >= enough or upto - from >= MOST_EVENTS
    if stops then break end
    upto = upto + 1
    local seq, fields = text(upto), event[2]
    if event[1] ~= seq .. '-0' then return { 'gap' } end
    for f = 3, #fields, 2 do -- the first is its type
      local kind = KIND[fields[f]]
      for name in string.gmatch(kind and fields[f + 1] or '', '%S+') do
        if not seen[kind][name] then
          order[#order + 1] = { kind, name }
          seen[kind][name] = ''
        end
        if not SAYS_NOTHING[fields[2]] then seen[kind][name] = seq end
      end
    end
  end
until stops or #events < EVENTS_AT_ONCE
if upto > newest or (not stops and upto ~= newest) then return { 'gap' } end

local answer = { upto < newest and 'more' or 'done', text(upto) }
for _, entry in ipairs(order) do
  if entry[1] == 'call' then
    add_call(answer, entry[2], seen.call[entry[2]])
  else
    add_pod(answer, entry[2])
  end
end
return answer
