-- settle_observe: what Kubernetes says of many pods, each taken as pod_observed takes it. That script's text stands before
-- this one as the function `observed`.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 … of each pod nine values: ARGV 2 to 10 of pod_observed
-- Returns  {unsettled, state} · {done, sid that was lost…}
-- Keeps    what pod_observed keeps. Each pod is a transition of its own.

local refusal = gate_refusal()
if refusal then return refusal end

gate_refusal = function() return nil end -- once is enough: nothing runs beside a script
local lost = { 'done' }
for first = 2, #ARGV, 9 do
  local answer = observed({ ARGV[1], unpack(ARGV, first, first + 8) })
  if answer.err then return answer end
  for i = 3, #answer do lost[#lost + 1] = answer[i] end
end
return lost
