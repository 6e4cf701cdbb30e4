-- settle_pods: known pods wait in quarantine, for the data set may not know all of their calls.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 quarantine (ms) · 3 … names of pods
-- Returns  {unsettled, state} · {done}
-- Keeps    a pod whose calls may be unknown gets no new one before its quarantine ends.

local refusal = gate_refusal()
if refusal then return refusal end

local pods = {}
for i = 3, #ARGV do
  local pod = read_pod(ARGV[i])
  if pod and pod.state ~= 'gone' then
    check_pool(pod.name, pod.pool)
    pods[#pods + 1] = pod
  end
end
local seq = next_seq()
for _, pod in ipairs(pods) do
  pod.quarantined_until = now + tonumber(ARGV[2])
  write_pod(pod, seq)
end
add_event(seq, 'pods_quarantined', 'pods', tostring(#pods))
return { 'done' }
