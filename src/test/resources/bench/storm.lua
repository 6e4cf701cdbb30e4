-- All clients ask for the same call, 64 times; then it is released and the next one begins.
-- arguments: a name of this run
local TIMES = 64
local run, next, asked = '', 1, 0
local headers = { ['Content-Type'] = 'application/json' }
bad, pairs_done = 0, 0

function init(args) run = args[1] end

function request()
  local body = '{"call_sid":"' .. run .. '-' .. next .. '","merchant_id":"bench","provider":"plivo"}'
  asked = asked + 1
  if asked <= TIMES then return wrk.format('POST', '/allocate', headers, body) end
  local over = '{"call_sid":"' .. run .. '-' .. next .. '"}'
  next, asked = next + 1, 0
  return wrk.format('POST', '/release', headers, over)
end

-- Requests of a call that are still on their way when it is released are told that it has ended.
function response(status)
  if status ~= 200 and status ~= 409 and status ~= 404 then bad = bad + 1 end
end
