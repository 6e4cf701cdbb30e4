-- expire: does one thing that is due by time alone: ends one call past its deadline, derives one pod's state anew, or
-- takes one call out of the queues that did not ask again.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 first back-off (ms) · 3 longest back-off (ms)
-- Returns  {unsettled, state} · {call, sid, pod, reason} · {pod, name, state} · {waiter, sid} · {none}
--          {put_off, call, pod or waiter, name, why} its record is damaged
-- Keeps    a deadline ends the lease that it was set for and no other; a time-bound fact about a pod holds no longer
--          than it says. Two calls in a row that never reach their pod keep it from calls, as a failed probe does.
--          What cannot be done is put off, and keeps nothing else from being done.

local refusal = gate_refusal()
if refusal then return refusal end

local PUT_OFF_MS = 30000

-- Each reads and checks what doing one thing needs, and returns the function that then does it.

local function end_call(sid)
  local call = read_record(sid)
  if not call or is_over(call) then
    return function(seq)
      redis.call('ZREM', calls_key, sid)
      add_event(seq, 'index_mended', 'sid', sid)
      return { 'call', sid, '', 'no_record' }
    end
  end
  local pod = slot_of(call, read_pod)
  check_indexes(sid, call.merchant)
  local reason = 'max_length'
  if call.state == 'allocated' and call.connect_by ~= '' then reason = 'never_connected' end
  if call.stream_ended_at ~= '' then reason = 'stream_ended' end
  local never = pod and reason == 'never_connected'
  if never then check_pool(pod.name, pod.pool) end
  local may = never and may_fail(pod)
  return function(seq)
    take_down(call, 'ended', reason, seq)
    free_slot(pod, seq)
    if never then
      count_unreached(pod, may, tonumber(ARGV[2]), tonumber(ARGV[3]))
      write_pod(pod, seq)
    end
    add_end(call, reason, seq)
    return { 'call', sid, call.pod, reason }
  end
end

local function derive_pod(name)
  local pod = read_pod(name)
  if not pod or pod.state == 'gone' then
    return function(seq)
      redis.call('ZREM', pods_due_key, name)
      add_event(seq, 'index_mended', 'pod', name)
      return { 'pod', name, 'gone' }
    end
  end
  check_pool(name, pod.pool)
  return function(seq)
    write_pod(pod, seq)
    add_event(seq, 'pod_updated', 'pod', name, 'state', pod.state)
    return { 'pod', name, pod.state }
  end
end

local function forget_waiter(sid)
  local waiter = read_waiter(sid) or { sid = sid, pools = {} }
  check_queues(sid, waiter.pools)
  return function(seq)
    leave_queues(waiter)
    if waiter.since then remember_waited(waiter, '') end
    add_event(seq, 'call_waited', 'sid', sid)
    return { 'waiter', sid }
  end
end

local kinds = {
  { word = 'call', index = calls_key, plan = end_call },
  { word = 'pod', index = pods_due_key, plan = derive_pod },
  { word = 'waiter', index = waiting_key, plan = forget_waiter },
}
for _, kind in ipairs(kinds) do
  local name = redis.call('ZRANGEBYSCORE', kind.index, '-inf', time, 'LIMIT', 0, 1)[1]
  if name then
    local ready, act = pcall(kind.plan, name)
    local seq = next_seq()
    if ready then return act(seq) end
    if kind.word == 'waiter' then
      redis.call('ZREM', kind.index, name) -- put off, it would seem to ask, and others would wait behind it
    else
      redis.call('ZADD', kind.index, text(now + PUT_OFF_MS), name)
    end
    local why = words_of(act)
    add_event(seq, 'put_off', kind.word, name, 'why', why)
    return { 'put_off', kind.word, name, why }
  end
end
return { 'none' }
