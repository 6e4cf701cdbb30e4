-- Allocates and releases, as many of each: a call is released by the next request after it got its pod.
-- arguments: path before /allocate and /release, a name of this run, how long each client waits between its requests (ms)
local base, run, next, held = '', '', 0, {}
local headers = { ['Content-Type'] = 'application/json' }
bad, pairs_done = 0, 0

function init(args)
  base, run = args[1], args[2]
  local pause = tonumber(args[3])
  if pause then
    function delay() return pause end
  end
end

function request()
  local sid = table.remove(held, 1)
  if sid then return wrk.format('POST', base .. '/release', headers, '{"call_sid":"' .. sid .. '"}') end
  next = next + 1
  return wrk.format('POST', base .. '/allocate', headers,
    '{"call_sid":"' .. run .. '-' .. next .. '","merchant_id":"bench","provider":"plivo"}')
end

function response(status, _, body)
  if status ~= 200 then
    bad = bad + 1
    return
  end
  local sid = body:match('"call_sid":"([^"]+)"')
  if sid then held[#held + 1] = sid else pairs_done = pairs_done + 1 end
end
