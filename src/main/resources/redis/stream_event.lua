-- stream_event: the provider says what became of a call's stream.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token · 2 sid · 3 provider · 4 account · 5 lease whose stream it is · 6 started or ended
--          7 longest call (ms) · 8 how long a call may be without a stream (ms)
-- Returns  {unsettled, state} · {noted} · {unknown} · {ended} · {stale_lease} · {not_owner}
-- Keeps    a stream's event speaks for its own lease alone. The end of a stream is not the end of the call: it has a
--          short time to say what comes next, then the lease ends.

local refusal = gate_refusal()
if refusal then return refusal end

local call = read_call(ARGV[2])
if not call then return { 'unknown' } end
if not is_owner(call, ARGV[3], ARGV[4]) then return { 'not_owner' } end
if call.state == 'ended' then return { 'ended' } end
if not is_live(call) or call.lease ~= ARGV[5] then return { 'stale_lease' } end

if ARGV[6] == 'started' then
  -- An end that came before its start stands: events come in any order, and a lease has one stream but for retries,
  -- whose own admission says that they came.
  if call.state == 'connected' or call.stream_ended_at ~= '' then return { 'noted' } end
  check_indexes(call.sid, call.merchant)
  local unconnected = unconnected_of(call.pod)
  connect(call, tonumber(ARGV[7]), unconnected, next_seq())
  return { 'noted' }
end

if call.stream_ended_at ~= '' then return { 'noted' } end
local deadline = tonumber(redis.call('ZSCORE', calls_key, call.sid) or now)
local seq = next_seq()
redis.call('HSET', call_key(call.sid), 'stream_ended_at', time, 'seq', seq)
redis.call('ZADD', calls_key, text(math.min(deadline, now + tonumber(ARGV[8]))), call.sid)
add_event(seq, 'stream_ended', 'sid', call.sid, 'pod', call.pod, 'lease', call.lease)
return { 'noted' }
