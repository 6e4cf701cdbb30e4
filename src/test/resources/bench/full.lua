-- Nine of ten calls ask for pods that are all taken; the tenth gets one and gives it back.
-- arguments: a name of this run
local run, next, held = '', 0, {}
local headers = { ['Content-Type'] = 'application/json' }
bad, pairs_done = 0, 0

function init(args) run = args[1] end

function request()
  local sid = table.remove(held, 1)
  if sid then return wrk.format('POST', '/release', headers, '{"call_sid":"' .. sid .. '"}') end
  next = next + 1
  local merchant = next % 10 == 0 and 'bench' or 'crowded'
  return wrk.format('POST', '/allocate', headers,
    '{"call_sid":"' .. run .. '-' .. next .. '","merchant_id":"' .. merchant .. '","provider":"plivo"}')
end

function response(status, _, body)
  if status == 503 then
    if not body:match('"exhausted"') then bad = bad + 1 end
    return
  end
  if status ~= 200 then bad = bad + 1 end
  local sid = body:match('"call_sid":"([^"]+)"')
  if sid then held[#held + 1] = sid else pairs_done = pairs_done + 1 end
end
