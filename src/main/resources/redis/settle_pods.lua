-- settle_pods: known pods hold as many calls as the configuration in force says, whatever became of the writes that made
-- it so; and they wait in quarantine, for the data set may not know all of their calls, unless a whole mirror was joined.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 quarantine (ms, 0 = none) · 3 … names of pods
-- Returns  {unsettled, state} · {done}
-- Keeps    a pod whose calls may be unknown gets no new one before its quarantine ends; capacity and placement are
--          those of the pool that it stands in.

local refusal = gate_refusal()
if refusal then return refusal end

local quarantine_ms = redis.call('HGET', KEYS[1], 'whole') and 0 or tonumber(ARGV[2])
local pods, policies = {}, {}
for i = 3, #ARGV do
  local pod = read_pod(ARGV[i])
  if pod and pod.state ~= 'gone' then
    local policy = policies[pod.pool] or pool_policy(pod.pool)
    policies[pod.pool] = policy
    local differs = policy and (pod.capacity ~= policy.capacity or pod.placement ~= policy.placement)
    if differs or quarantine_ms > 0 then -- after a flush most were observed just before, and stand as they should
      check_pool(pod.name, pod.pool)
      if policy then pod.capacity, pod.placement = policy.capacity, policy.placement end
      pods[#pods + 1] = pod
    end
  end
end
if #pods == 0 then return { 'done' } end
local seq = next_seq()
for _, pod in ipairs(pods) do
  if quarantine_ms > 0 then pod.quarantined_until = now + quarantine_ms end
  write_pod(pod, seq)
end
add_event(seq, 'pods_settled', 'pods', tostring(#pods))
return { 'done' }
