-- drain: an operator keeps new calls from a pod, or no longer does.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 pod · 3 1 = drain, 0 = undrain
-- Returns  {unsettled, state} · {done, state of the pod, number of its live calls, incarnation, seq of the
--          operator's word ('' = there was none)} · {unknown}
-- Keeps    only the operator's fact changes; the pod keeps its calls.

local refusal = gate_refusal()
if refusal then return refusal end

local pod = read_pod(ARGV[2])
if not pod or pod.state == 'gone' then return { 'unknown' } end
if pod.drained ~= ARGV[3] then
  check_pool(pod.name, pod.pool)
  local seq = next_seq()
  pod.drained = ARGV[3]
  write_pod(pod, seq)
  redis.call('HSET', pod_key(pod.name), 'drained_seq', seq)
  add_event(seq, pod.drained == '1' and 'pod_drained' or 'pod_undrained', 'pod', pod.name)
end
return { 'done', pod.state, text(pod.calls), pod.incarnation, redis.call('HGET', pod_key(pod.name), 'drained_seq') or '' }
