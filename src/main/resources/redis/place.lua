-- place: a pod belongs in a pool, with that pool's capacity and placement.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 pod · 3 pool
-- Returns  {unsettled, state} · {moved} · {waits} it moves with its last release · {kept} · {unknown} · {no_pool}
-- Keeps    a pod with calls does not move, and takes no new ones while it waits.

local refusal = gate_refusal()
if refusal then return refusal end

local pool = ARGV[3]
local pod = read_pod(ARGV[2])
if not pod or pod.state == 'gone' then return { 'unknown' } end
local policy = pool_policy(pool)
if not policy then return { 'no_pool' } end
check_pool(pod.name, pod.pool)
check_pool(pod.name, pool)

local outcome = 'kept'
if pod.pool ~= pool then
  outcome = pod.calls == 0 and 'moved' or 'waits'
elseif pod.moves_to == '' and pod.capacity == policy.capacity and pod.placement == policy.placement then
  return { 'kept' }
end
local seq = next_seq()
if outcome == 'waits' then
  pod.moves_to = pool
else
  if outcome == 'moved' then
    leave_pool(pod)
    redis.call('SADD', pool_pods_key(pool), pod.name)
  end
  pod.pool, pod.moves_to, pod.capacity, pod.placement = pool, '', policy.capacity, policy.placement
end
write_pod(pod, seq)
add_event(seq, 'pod_placed', 'pod', pod.name, 'pool', pool, 'outcome', outcome)
return { outcome }
