-- gate: is this data set open, on this primary? For who reads plainly, past the gate. No transition.
--
-- KEYS[1]  epoch
-- ARGV     1 settlement token
-- Returns  {unsettled, state} · {open}
-- Keeps    everything: it writes nothing.

return gate_refusal() or { 'open' }
