-- expire: does one thing that is due by time alone: ends one call past its deadline, or derives one pod's state anew.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token
-- Returns  {unsettled, state} · {call, sid, pod, reason} · {pod, name, state} · {none}
-- Keeps    a deadline ends the lease that it was set for and no other; a time-bound fact about a pod holds no longer
--          than it says.

local refusal = gate_refusal()
if refusal then return refusal end

local sid = redis.call('ZRANGEBYSCORE', calls_key, '-inf', text(now), 'LIMIT', 0, 1)[1]
if sid then
  local call = read_call(sid)
  if not call or not is_live(call) then
    local seq = next_seq()
    redis.call('ZREM', calls_key, sid)
    add_event(seq, 'index_mended', 'sid', sid)
    return { 'call', sid, '', 'no_record' }
  end
  local pod = read_pod(call.pod)
  local move = pod.moves_to ~= '' and pool_policy(pod.moves_to) or nil
  check_indexes(sid, call.merchant)
  check_pool(pod.name, pod.pool)
  local reason = call.state == 'allocated' and call.connect_by ~= '' and 'never_connected' or 'max_length'
  local seq = next_seq()
  take_down(call, 'ended', reason, seq)
  free_slot(pod, move, seq)
  add_event(seq, 'call_ended', 'sid', sid, 'pod', pod.name, 'lease', call.lease, 'reason', reason)
  return { 'call', sid, pod.name, reason }
end

local name = redis.call('ZRANGEBYSCORE', pods_due_key, '-inf', text(now), 'LIMIT', 0, 1)[1]
if not name then return { 'none' } end
local pod = read_pod(name)
if not pod or pod.state == 'gone' then
  local seq = next_seq()
  redis.call('ZREM', pods_due_key, name)
  add_event(seq, 'index_mended', 'pod', name)
  return { 'pod', name, 'gone' }
end
check_pool(name, pod.pool)
local seq = next_seq()
write_pod(pod, seq)
add_event(seq, 'pod_updated', 'pod', name, 'state', pod.state)
return { 'pod', name, pod.state }
