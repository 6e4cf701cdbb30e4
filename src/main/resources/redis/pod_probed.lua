-- pod_probed: a router asked the pod's agent whether it is there.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 pod · 3 incarnation that was asked · 4 1 = it answered, 0 = it did not, refused = nothing listens there
--          5 first back-off (ms) · 6 longest back-off (ms)
-- Returns  {unsettled, state} · {suspect, until ms} · {ready} · {kept} too many of its pool failed · {stale}
-- Keeps    never more than half of a pool is suspect by failed probes: then it is the network that fails, not the pods. A refusal
--          is a proof, whatever the others do.

local refusal = gate_refusal()
if refusal then return refusal end

local pod = read_pod(ARGV[2])
if not pod or pod.state == 'gone' or pod.incarnation ~= ARGV[3] then return { 'stale' } end
check_pool(pod.name, pod.pool)

if ARGV[4] == '1' then
  if pod.probe_failures == 0 and pod.probe_failed_until == 0 then return { 'ready' } end
  local seq = next_seq()
  pod.probe_failures, pod.probe_failed_until = 0, 0
  write_pod(pod, seq)
  add_event(seq, 'pod_probe_passed', 'pod', pod.name)
  return { 'ready' }
end

if ARGV[4] ~= 'refused' and not may_fail(pod) then return { 'kept' } end
local seq = next_seq()
fail(pod, tonumber(ARGV[5]), tonumber(ARGV[6]))
write_pod(pod, seq)
add_event(seq, 'pod_probe_failed', 'pod', pod.name)
return { 'suspect', text(pod.probe_failed_until) }
