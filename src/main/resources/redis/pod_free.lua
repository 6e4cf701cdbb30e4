-- pod_free: a quarantined pod's agent says that it serves no call.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 pod · 3 incarnation that was asked
-- Returns  {unsettled, state} · {ready|suspect|draining} its state now · {stale}
-- Keeps    the word of one incarnation ends only that one's quarantine.

local refusal = gate_refusal()
if refusal then return refusal end

local pod = read_pod(ARGV[2])
if not pod or pod.state == 'gone' or pod.incarnation ~= ARGV[3] then return { 'stale' } end
if pod.quarantined_until <= now then return { pod.state } end
check_pool(pod.name, pod.pool)
local seq = next_seq()
pod.quarantined_until = 0
write_pod(pod, seq)
add_event(seq, 'pod_free', 'pod', pod.name)
return { pod.state }
