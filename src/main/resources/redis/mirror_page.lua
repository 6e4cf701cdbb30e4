-- mirror_page: a page of what a mirror holds, for one that begins anew, or to be compared with one. mirror.lua stands
-- before it.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 what: calls, live (only the seq of each, in a settlement of those alone that the data
--          set held before mirrors joined) or pods · 3 of calls: the last page's cursor
--          ('' = the first) · 4 of calls: how many at least · with pods 3 … their names
-- Returns  {unsettled, state} · {page, id of the data set, seq, cursor ('' = the last page), copy…}
-- Keeps    everything: it writes nothing. Pages go by deadline: a call that no transition touched between two pages is in
--          one of them, and of those that were, an event after the first page's `seq` tells.

local refusal = gate_refusal()
if refusal then return refusal end

local epoch = redis.call('HMGET', KEYS[1], 'id', 'seq')
local answer = { 'page', epoch[1] or '', epoch[2] or '0', '' }
if ARGV[2] == 'pods' then
  for i = 3, #ARGV do add_pod(answer, ARGV[i]) end
  return answer
end

local from = ARGV[3] == '' and '-inf' or '(' .. ARGV[3]
local found = redis.call('ZRANGEBYSCORE', calls_key, from, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local last = found[#found]
local sids, seen = {}, {}
local function take(sid)
  if not seen[sid] then sids[#sids + 1] = sid end
  seen[sid] = true
end
for i = 1, #found, 2 do take(found[i]) end
if last then -- all that have the last one's deadline belong to this page
  for _, sid in ipairs(redis.call('ZRANGEBYSCORE', calls_key, last, last)) do take(sid) end
  answer[4] = last
end
for _, sid in ipairs(sids) do
  if ARGV[2] == 'calls' then
    add_call(answer, sid, '')
  elseif ARGV[1] == '' or redis.call('SISMEMBER', calls_joined_key, sid) == 0 then
    local readable, seq = pcall(redis.call, 'HGET', call_key(sid), 'seq')
    if readable and type(seq) == 'string' then
      local at = #answer
      answer[at + 1], answer[at + 2], answer[at + 3], answer[at + 4], answer[at + 5] = 'call', sid, '2', 'seq', seq
    end
  end
end
return answer
