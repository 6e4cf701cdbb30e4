-- Plivo's answer and hangup of each call, signed beforehand: sid, form, signature, form, signature in each line.
-- arguments: the file with the requests
local calls, next, held = {}, 0, {}
bad, pairs_done = 0, 0

function init(args)
  for line in io.lines(args[1]) do
    local sid, answer, answer_signature, hangup, hangup_signature =
      line:match('([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)')
    calls[#calls + 1] = { sid = sid, answer = answer, answer_signature = answer_signature,
      hangup = hangup, hangup_signature = hangup_signature }
    calls[sid] = calls[#calls]
  end
end

local function post(path, sid, form, signature)
  return wrk.format('POST', path, { ['Content-Type'] = 'application/x-www-form-urlencoded',
    ['X-Plivo-Signature-V3'] = signature, ['X-Plivo-Signature-V3-Nonce'] = sid }, form)
end

function request()
  local sid = table.remove(held, 1)
  if sid then return post('/plivo/hangup', sid, calls[sid].hangup, calls[sid].hangup_signature) end
  next = next + 1
  local call = calls[next]
  if not call then error('more calls than there are signed requests') end
  return post('/plivo/allocate', call.sid, call.answer, call.answer_signature)
end

function response(status, _, body)
  if status ~= 200 then
    bad = bad + 1
    return
  end
  local sid = body:match('/agent/[^/]+/([^/]+)/')
  if sid then
    held[#held + 1] = sid
  elseif body:match('Speak') then
    bad = bad + 1
  else
    pairs_done = pairs_done + 1
  end
end
