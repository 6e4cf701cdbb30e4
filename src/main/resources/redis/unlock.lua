-- unlock: gives a lock back, if it is still ours. No transition: a lock is no part of the data set, and has no gate.
--
-- KEYS[1]  the lock
-- ARGV     1 our token
-- Returns  {released} · {lost}
-- Keeps    nobody frees another's lock.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'lost' } end
redis.call('DEL', KEYS[1])
return { 'released' }
