-- settle_pods: known pods hold as many calls as the configuration in force says, whatever became of the writes that made
-- it so; and they wait in quarantine, for the data set may not know all of their calls, unless a whole mirror was joined.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 quarantine (ms, 0 = none) · 3 … names of pods
-- Returns  {unsettled, state} · {done}
-- Keeps    a pod whose calls may be unknown gets no new one before its quarantine ends; capacity and placement are
--          those of the pool that it stands in. A pod whose record cannot be read keeps no other one from that; it
--          gets no call, and is the reconciler's to mend.

local refusal = gate_refusal()
if refusal then return refusal end

local quarantine_ms = redis.call('HGET', KEYS[1], 'whole') and 0 or tonumber(ARGV[2])
local policies = {}
local function policy_of(pool)
  if policies[pool] == nil then policies[pool] = pool_policy(pool) or false end
  return policies[pool]
end

-- The pod, if there is something to say of it. After a flush most were registered just before, and stand as they should.
local function unsettled(name)
  if quarantine_ms == 0 then
    local v = redis.call('HMGET', pod_key(name), 'state', 'pool', 'capacity', 'placement')
    local policy = v[1] and v[1] ~= 'gone' and policy_of(v[2] or '')
    if not policy or (v[3] == text(policy.capacity) and v[4] == policy.placement) then return nil end
  end
  local pod = read_pod(name)
  return pod and pod.state ~= 'gone' and pod or nil
end

local pods, unreadable = {}, {}
for i = 3, #ARGV do
  local is_whole, pod = pcall(unsettled, ARGV[i])
  if not is_whole then
    unreadable[#unreadable + 1] = ARGV[i]
  elseif pod then
    local policy = policy_of(pod.pool)
    check_pool(pod.name, pod.pool)
    if policy then pod.capacity, pod.placement = policy.capacity, policy.placement end
    pods[#pods + 1] = pod
  end
end
if #pods + #unreadable == 0 then return { 'done' } end
local seq = next_seq()
for _, pod in ipairs(pods) do
  if quarantine_ms > 0 then pod.quarantined_until = now + quarantine_ms end
  write_pod(pod, seq)
end
for _, name in ipairs(unreadable) do -- of another type it is offered to nobody as it is
  redis.pcall('HSET', pod_key(name), 'state', 'suspect')
end
add_event(seq, 'pods_settled', 'pods', tostring(#pods))
return { 'done' }
