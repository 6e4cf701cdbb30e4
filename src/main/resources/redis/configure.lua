-- configure: a valid configuration takes effect, compiled, and with it the source that it was made from.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 revision that it was made against ('0' = none) · 3 new revision
--          4 what to write to the source: none, tiers, merchant, merchant_removed, number, number_removed or all
--          5 JSON of the tiers · 6 merchant, or number (with `all` the id of number:restore:<id>) · 7 JSON of the
--            merchant, or the number's merchant (with `all` an object of all merchants) · 8 with `all` how many numbers
--            stand ready there
--          9 … field, value … of the compiled form
-- Returns  {unsettled, state} · {applied} · {conflict} another router applied one meanwhile
--          {incomplete} the numbers that stood ready are lost
-- Keeps    compare-and-set: what is applied was made from what stood there; source and compiled form change together.

local refusal = gate_refusal()
if refusal then return refusal end

local tiers_key, merchants_key = prefix .. 'tier:config', prefix .. 'merchant:config'
local numbers_key = prefix .. 'number:config'
if (redis.call('HGET', applied_key, 'revision') or '0') ~= ARGV[2] then return { 'conflict' } end
local edit, name, value = ARGV[4], ARGV[6], ARGV[7]
local merchants = edit == 'all' and cjson.decode(value) or {}
local restore_key = prefix .. 'number:restore:' .. name
if edit == 'all' and redis.call('HLEN', restore_key) ~= tonumber(ARGV[8]) then return { 'incomplete' } end
if edit ~= 'none' then
  redis.call('STRLEN', tiers_key)
  redis.call('HLEN', merchants_key)
  redis.call('HLEN', numbers_key)
end
-- A number has one entry: with its + or without.
local other_spelling = string.sub(name, 1, 1) == '+' and string.sub(name, 2) or '+' .. name

local seq = next_seq()
if edit == 'tiers' or edit == 'all' then redis.call('SET', tiers_key, ARGV[5]) end
if edit == 'merchant' then redis.call('HSET', merchants_key, name, value) end
if edit == 'merchant_removed' then redis.call('HDEL', merchants_key, name) end
if edit == 'number' or edit == 'number_removed' then redis.call('HDEL', numbers_key, name, other_spelling) end
if edit == 'number' then redis.call('HSET', numbers_key, name, value) end
if edit == 'all' then
  redis.call('UNLINK', merchants_key, numbers_key)
  for merchant, json in pairs(merchants) do redis.call('HSET', merchants_key, merchant, json) end
  if ARGV[8] ~= '0' then
    redis.call('RENAME', restore_key, numbers_key)
    redis.call('PERSIST', numbers_key)
  end
end
redis.call('DEL', applied_key)
redis.call('HSET', applied_key, 'revision', ARGV[3], 'seq', seq)
for i = 9, #ARGV, 2 do redis.call('HSET', applied_key, ARGV[i], ARGV[i + 1]) end
add_event(seq, 'configured', 'revision', ARGV[3])
return { 'applied' }
