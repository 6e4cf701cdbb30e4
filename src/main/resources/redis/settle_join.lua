-- settle_join: the pods are there, and mirrors may be joined. No transition.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token
-- Returns  {unsettled, state} · {done}
-- Keeps    no call is joined before its pod, which would then look like one whose record was lost.

local refusal = gate_refusal()
if refusal then return refusal end

redis.call('HSET', KEYS[1], 'joining', '1')
return { 'done' }
