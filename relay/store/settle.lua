-- ARGV: id, queue, destination, lead, state, number of updates, blob or '' (as it is), why, fault (its reason, or ''), names,
-- what to do where they are not known, next errand, retention ms, terms by which it is found. An errand is done: the event goes on from here.
-- Gives 1, or 0 where somebody else was quicker.
local id, names, errand = ARGV[1], ARGV[10], ARGV[12]
local h = header(id)
if not h or not errand_done(ARGV[2], id) then return 0 end
local state, lead, found, why = whereabouts(ARGV[3], ARGV[4], ARGV[5], names, ARGV[11], errand, ARGV[8])
local blob = ARGV[7] ~= '' and ARGV[7] or blob_of(id)
h.states, h.lead = states_of(state, lead, tonumber(ARGV[6])), found and lead or ''
write_record(id, h, blob)
enter(id, h, state, ARGV[13])
if ARGV[9] ~= '' then
  note_fault(id, ARGV[9], ARGV[13])
  regroup(id, h)
end
file_terms(id, h.received, ARGV[14])
settle_down(id, h, lead, found, names, errand, why, true)
return 1
