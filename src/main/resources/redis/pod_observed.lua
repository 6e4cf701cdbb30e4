-- pod_observed: what Kubernetes says of a pod at one version.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 pod · 3 incarnation (object.container, container '' = not known) · 4 version
--          5 kubernetes: ready, not_ready or deleting · 6 address ('' = none) · 7 revision · 8 wanted pool ('' = none)
--          9 1 if it may be registered · 10 quarantine (ms)
-- Returns  {unsettled, state} · {registered|updated|replaced|gone, pod, sid that was lost…} · {stale} ·
--          {not_registrable}
-- Keeps    an older or equal version changes nothing; a gone incarnation never comes back; a newer event that names
--          another incarnation ends the calls of the old one as lost; an unknown container is no other incarnation;
--          only Kubernetes' own facts change. A container that restarted under calls quarantines its pod. A pod that
--          is first seen within a quarantine after the opening waits until its end: it may serve calls. So does one
--          whose record was lost: it keeps the calls of this incarnation, and those of another are lost.

local refusal = gate_refusal()
if refusal then return refusal end

local name, incarnation, version = ARGV[2], ARGV[3], ARGV[4]
local kubernetes, address, registrable, quarantine_ms = ARGV[5], ARGV[6], ARGV[9] == '1', tonumber(ARGV[10])

local function choose_pool()
  if ARGV[8] ~= '' and pool_policy(ARGV[8]) then return ARGV[8] end
  local tier = neediest(read_tiers())
  return tier and tier.pool
end

local pod = readable(read_pod, name)
if pod and not is_newer(version, pod.version) then return { 'stale' } end
local known = pod and pod.state ~= 'gone'
local same_object = pod and object_of(pod.incarnation) == object_of(incarnation)

if pod and not known and same_object then
  -- Its object is gone for good; only the watermark of versions rises.
  return { 'stale' }
end

local replaces = known
  and (not same_object or (container_of(incarnation) ~= '' and incarnation ~= pod.incarnation))
local lost = {}
if replaces then
  lost = calls_of(pod)
  check_pool(name, pod.pool)
end

if replaces and not same_object and not registrable then
  local seq = next_seq()
  local sids = lose(lost, seq)
  leave_pool(pod)
  -- The tombstone keeps the old object's name and the version below the newcomer's: the newcomer may still register.
  bury({ name = name, incarnation = pod.incarnation, version = version }, seq)
  add_event(seq, 'pod_gone', 'pod', name, 'incarnation', pod.incarnation, 'lost', table.concat(sids, ' '))
  return { 'gone', name, unpack(sids) }
end
if not known and not registrable then return { 'not_registrable' } end

if known and not replaces then
  local pool = pod.pool
  local wanted = ARGV[8] ~= '' and ARGV[8] ~= pool and pool_policy(ARGV[8]) or nil
  check_pool(name, pool)
  if wanted then check_pool(name, ARGV[8]) end
  local seq = next_seq()
  pod.version, pod.kubernetes, pod.revision, pod.wanted = version, kubernetes, ARGV[7], ARGV[8]
  if address ~= '' then pod.address = address end
  if wanted then
    if pod.calls == 0 then
      leave_pool(pod)
      pod.pool, pod.moves_to, pod.capacity, pod.placement = ARGV[8], '', wanted.capacity, wanted.placement
      redis.call('SADD', pool_pods_key(pod.pool), name)
    else
      pod.moves_to = ARGV[8]
    end
  elseif ARGV[8] == pool then
    pod.moves_to = ''
  end
  write_pod(pod, seq)
  add_event(seq, 'pod_updated', 'pod', name, 'state', pod.state)
  return { 'updated', name }
end

-- A new incarnation: of a pod that is not known, or in the place of one that is.
if known and same_object and address == '' then address = pod.address end
local pool = choose_pool()
if known and ARGV[8] == '' and pool_policy(pod.pool) then pool = pod.pool end
if not pool then return redis.error_reply('NOPOOL no tier is configured') end
local policy = pool_policy(pool)
check_pool(name, pool)
local lost_record = not pod and has_trace(name)
local kept = {}
for _, call in ipairs(lost_record and calls_without_record(name) or {}) do
  local its = call.incarnation == incarnation and kept or lost
  its[#its + 1] = call
end
local strays = lost_record and pools_without_record(name) or {}
local quarantined_until = 0
if lost_record then
  quarantined_until = now + quarantine_ms
elseif replaces and same_object and (#lost > 0 or pod.quarantined_until > now) then
  quarantined_until = now + quarantine_ms
elseif not known then
  -- While it is being settled, settle_pods says so; and what whole mirrors were joined to knows all calls.
  local epoch = redis.call('HMGET', KEYS[1], 'opened_at', 'whole')
  local opened_at = tonumber(epoch[1] or 0)
  if ARGV[1] == '' and not epoch[2] and opened_at + quarantine_ms > now then
    quarantined_until = opened_at + quarantine_ms
  end
end

local seq = next_seq()
if lost_record then redis.call('DEL', pod_calls_key(name)) end -- it may be of another type
local sids = lose(lost, seq)
if known then leave_pool(pod) end
for _, stray in ipairs(strays) do leave_pool({ name = name, pool = stray }) end
redis.call('DEL', pod_key(name), pod_calls_key(name))
for _, call in ipairs(kept) do redis.call('SADD', pod_calls_key(name), call.sid) end
register({
  name = name, incarnation = incarnation, version = version, pool = pool, address = address, kubernetes = kubernetes,
  revision = ARGV[7], wanted = ARGV[8], quarantined_until = quarantined_until, calls = #kept,
}, policy, seq)
local kind = replaces and 'replaced' or 'registered'
add_event(seq, 'pod_' .. kind, 'pod', name, 'incarnation', incarnation, 'lost', table.concat(sids, ' '))
return { kind, name, unpack(sids) }
