-- settle_observe: what Kubernetes says of many pods. Those of which the data set has no trace are registered in one
-- transition, for after a flush these are all; any other is taken as pod_observed takes it, whose text stands before this
-- one as the function `observed`.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 … of each pod nine values: ARGV 2 to 10 of pod_observed
-- Returns  {unsettled, state} · {done, sid that was lost…}
-- Keeps    what pod_observed keeps: a pod without a trace comes to stand as it would there, and whether it waits in
--          quarantine is settle_pods' to say.

local refusal = gate_refusal()
if refusal then return refusal end

local tiers = read_tiers()
local places = {} -- by pool: its policy, false if it has none, and how many pods stand in it, where that matters
for _, tier in ipairs(tiers) do places[tier.pool] = tier end

local function place_of(wanted)
  if wanted == '' then return neediest(tiers) end
  if places[wanted] == nil then
    local policy = pool_policy(wanted)
    places[wanted] = policy and { pool = wanted, policy = policy, pods = 0 } or false
  end
  return places[wanted] or neediest(tiers)
end

local fresh, known, checked = {}, {}, {}
for first = 2, #ARGV, 9 do
  local name, registrable = ARGV[first], ARGV[first + 7] == '1'
  if not registrable or has_trace(name) then
    known[#known + 1] = first
  else
    local place = place_of(ARGV[first + 6])
    if not place then return redis.error_reply('NOPOOL no tier is configured') end
    if not checked[place] then check_pool(name, place.pool) end
    checked[place] = true
    place.pods = place.pods + 1
    fresh[#fresh + 1] = {
      place = place,
      pod = {
        name = name, incarnation = ARGV[first + 1], version = ARGV[first + 2], pool = place.pool,
        kubernetes = ARGV[first + 3], address = ARGV[first + 4], revision = ARGV[first + 5], wanted = ARGV[first + 6],
        quarantined_until = 0, calls = 0,
      },
    }
  end
end
if #fresh > 0 then
  local seq = next_seq()
  for _, one in ipairs(fresh) do register(one.pod, one.place.policy, seq) end
  add_event(seq, 'pods_registered', 'pods', tostring(#fresh))
end

gate_refusal = function() return nil end -- once is enough: nothing runs beside a script
local lost = { 'done' }
for _, first in ipairs(known) do
  local answer = observed({ ARGV[1], unpack(ARGV, first, first + 8) })
  if answer.err then return answer end
  for i = 3, #answer do lost[#lost + 1] = answer[i] end
end
return lost
