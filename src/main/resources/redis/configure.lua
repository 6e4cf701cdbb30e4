-- configure: a valid configuration takes effect, compiled, and with it the source that it was made from.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 revision that it was made against ('0' = none) · 3 new revision
--          4 what to write to the source: none, tiers, merchant, merchant_removed or all
--          5 JSON of the tiers · 6 merchant · 7 JSON of the merchant (or, with `all`, an object of all merchants)
--          8 … field, value … of the compiled form
-- Returns  {unsettled, state} · {applied} · {conflict} another router applied one meanwhile
-- Keeps    compare-and-set: what is applied was made from what stood there; source and compiled form change together.

local refusal = gate_refusal()
if refusal then return refusal end

local tiers_key, merchants_key = prefix .. 'tier:config', prefix .. 'merchant:config'
if (redis.call('HGET', applied_key, 'revision') or '0') ~= ARGV[2] then return { 'conflict' } end
local merchants = ARGV[4] == 'all' and cjson.decode(ARGV[7]) or {}
if ARGV[4] ~= 'none' then
  redis.call('STRLEN', tiers_key)
  redis.call('HLEN', merchants_key)
end

local seq = next_seq()
if ARGV[4] == 'tiers' or ARGV[4] == 'all' then redis.call('SET', tiers_key, ARGV[5]) end
if ARGV[4] == 'merchant' then redis.call('HSET', merchants_key, ARGV[6], ARGV[7]) end
if ARGV[4] == 'merchant_removed' then redis.call('HDEL', merchants_key, ARGV[6]) end
if ARGV[4] == 'all' then
  redis.call('DEL', merchants_key)
  for merchant, json in pairs(merchants) do redis.call('HSET', merchants_key, merchant, json) end
end
redis.call('DEL', applied_key)
redis.call('HSET', applied_key, 'revision', ARGV[3], 'seq', seq)
for i = 8, #ARGV, 2 do redis.call('HSET', applied_key, ARGV[i], ARGV[i + 1]) end
add_event(seq, 'configured', 'revision', ARGV[3])
return { 'applied' }
