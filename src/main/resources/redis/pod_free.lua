-- pod_free: a quarantined pod's agent says that it serves no call.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 pod · 3 incarnation that was asked · 4 quarantine (ms)
--          5 how long a stream may be on its way to its pod (ms)
-- Returns  {unsettled, state} · {ready|suspect|draining} its state now · {stale}
-- Keeps    the word of one incarnation ends only that one's quarantine, and not while a stream that was sent to it before
--          the quarantine began may still be on its way: then an agent is free and about to be busy.

local refusal = gate_refusal()
if refusal then return refusal end

local pod = read_pod(ARGV[2])
if not pod or pod.state == 'gone' or pod.incarnation ~= ARGV[3] then return { 'stale' } end
if pod.quarantined_until <= now then return { pod.state } end
local opened_at = tonumber(redis.call('HGET', KEYS[1], 'opened_at') or 0)
local began = math.max(opened_at, pod.quarantined_until - tonumber(ARGV[4]))
if now < began + tonumber(ARGV[5]) then return { pod.state } end
check_pool(pod.name, pod.pool)
local seq = next_seq()
pod.quarantined_until = 0
write_pod(pod, seq)
add_event(seq, 'pod_free', 'pod', pod.name)
return { pod.state }
