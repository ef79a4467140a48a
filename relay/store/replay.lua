-- ARGV: id, destination, lead, state to enter, number of updates, blob or '' (as mapped), why, force ('1' or ''),
-- entry for the lead's history, retention ms, keep ms, cap, lead it had before, fault (its reason, or ''), names, what to do
-- where they are not known, errand, names it had before; where a person edited it what was changed, as it is told, else '';
-- where it is part of a replay with a record its id, who drives it, the event's place, lease ms.
-- Gives 'done', 'gone', 'in flight', or 'stopped' where the replay is cancelled or driven by another. The event keeps its stamp, so the stale guard holds; force gives it a new one.
local id, destination, blob, force, retention = ARGV[1], ARGV[2], ARGV[6], ARGV[8] == '1', ARGV[10]
local before, names, errand = ARGV[13], ARGV[15], ARGV[17]
local h = header(id)
local edit, run = ARGV[19], ARGV[20] or ''
local turn = run == '' and 'now' or turn_of(run, ARGV[21], tonumber(ARGV[22]))
if turn ~= 'now' then return turn end
if not h then return 'gone' end
if string.find(h.states, 'p', 1, true) or h.state == 'p' then return 'in flight' end

if redis.call('ZREM', 'relay:dead', id) == 1 then
  hold(before, -1)
  -- The lead that it had before may be another than the one that it has from now on.
  if redis.call('HEXISTS', 'relay:waiting', before) == 0 then redis.call('PEXPIRE', clock_key(before), ARGV[11]) end
end
unpark(id)
wait_no_more(id, ARGV[18])
forget_fault(id)

local state, lead, found, why = whereabouts(destination, ARGV[3], ARGV[4], names, ARGV[16], errand, ARGV[7])
-- As mapped, an event with dead updates sends just those again; any other sends all. A new stamp is that of the whole
-- event, so with force all are sent.
local only_dead = blob == '' and not force and string.find(h.states, 'x', 1, true)
h.states = only_dead and string.gsub(h.states, 'x', 'p') or states_of(state, lead, tonumber(ARGV[5]))
if force then
  h.number = int(redis.call('INCR', 'relay:number'))
  h.ago = h.received - NOW
end
-- An edited event stays with its lead.
if blob == '' then blob = blob_of(id) elseif edit == '' then h.lead = '' end
if found then h.lead = lead end
write_record(id, h, blob)
enter(id, h, state, retention)

if ARGV[9] ~= '' and lead ~= '' then remember(lead, ARGV[9], '', ARGV[11], tonumber(ARGV[12])) end
if ARGV[14] ~= '' then note_fault(id, ARGV[14], retention) end
if not (state == 'x' or state == 'k') then regroup(id, h) end
settle_down(id, h, lead, found, names, errand, why, false)
if edit ~= '' then
  local key = 'relay:edits:' .. id
  redis.call('RPUSH', key, edit)
  redis.call('LTRIM', key, -50, -1)
  redis.call('PEXPIRE', key, int(2 * retention))
end
if run ~= '' then advance(run, 'replayed', tonumber(ARGV[23]), retention) end
return 'done'
