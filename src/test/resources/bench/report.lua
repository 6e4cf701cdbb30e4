-- What a run was, in one line of JSON. Each scenario's script counts what it calls pairs, and what went wrong.
local threads = {}

function setup(thread) table.insert(threads, thread) end

function done(summary, latency)
  local done_pairs, bad = 0, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do
    done_pairs = done_pairs + thread:get('pairs_done')
    bad = bad + thread:get('bad')
  end
  print(string.format('\n{"requests":%d,"pairs":%d,"bad":%d,"us":%d,"p50":%d,"p99":%d}', summary.requests, done_pairs,
    bad, summary.duration, latency:percentile(50), latency:percentile(99)))
end
