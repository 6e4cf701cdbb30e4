-- pod_gone: a pod's object no longer exists, by a DELETE event or by a fresh GET.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 pod · 3 incarnation (its container does not matter) · 4 version of the DELETE event
--          ('' = a fresh GET answered 404 or another object)
-- Returns  {unsettled, state} · {gone, pod, sid that was lost…} · {stale} · {unknown}
-- Keeps    only the incarnation named is ended; its calls become lost; it never comes back, also if it was not known,
--          or its record was lost.

local refusal = gate_refusal()
if refusal then return refusal end

local name, incarnation, version = ARGV[2], ARGV[3], ARGV[4]
local pod = readable(read_pod, name)
if pod and object_of(pod.incarnation) ~= object_of(incarnation) then return { 'stale' } end
if pod and pod.state == 'gone' then return { 'stale' } end
if not pod then
  local lost_record = has_trace(name)
  if version == '' and not lost_record then return { 'unknown' } end
  local lost = lost_record and calls_without_record(name) or {}
  for _, call in ipairs(lost) do
    if object_of(call.incarnation) ~= object_of(incarnation) then return { 'stale' } end
  end
  local pools = lost_record and pools_without_record(name) or {}
  redis.call('SISMEMBER', pods_key, name)
  redis.call('ZSCORE', pods_due_key, name)
  local seq = next_seq()
  redis.call('DEL', pod_calls_key(name)) -- it may be of another type
  local sids = lose(lost, seq)
  for _, pool in ipairs(pools) do leave_pool({ name = name, pool = pool }) end
  bury({ name = name, incarnation = incarnation, version = version == '' and '0' or version }, seq)
  add_event(seq, 'pod_gone', 'pod', name, 'incarnation', incarnation, 'lost', table.concat(sids, ' '))
  if not lost_record then return { 'unknown' } end
  return { 'gone', name, unpack(sids) }
end

local lost = calls_of(pod)
check_pool(name, pod.pool)
if version == '' or is_newer(pod.version, version) then version = pod.version end
local seq = next_seq()
local sids = lose(lost, seq)
leave_pool(pod)
bury({ name = name, incarnation = pod.incarnation, version = version }, seq)
add_event(seq, 'pod_gone', 'pod', name, 'incarnation', pod.incarnation, 'lost', table.concat(sids, ' '))
return { 'gone', name, unpack(sids) }
