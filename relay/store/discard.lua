-- ARGV: id, lead, entry for the lead's history, act for the list of acts, retention ms, keep ms, cap, names it waits for,
-- whether the list of acts is to say so of this event ('1' or '').
-- Gives 'done', 'gone', or the letter of the state that can't be discarded.
local id, lead = ARGV[1], ARGV[2]
local h = header(id)
if not h then return 'gone' end
if h.state == 'c' then return 'done' end
if h.state ~= 'x' and h.state ~= 'k' then return h.state end

if redis.call('ZREM', 'relay:dead', id) == 1 then hold(lead, -1) end
unpark(id)
wait_no_more(id, ARGV[8])
for place = 0, #h.states - 1 do
  if string.find(string.sub(h.states, place + 1, place + 1), '[xk]') then set_place(id, h, place, 'c') end
end
enter(id, h, overall(h.states) or 'c', ARGV[5])
if lead ~= '' and ARGV[3] ~= '' then remember(lead, ARGV[3], '', ARGV[6], tonumber(ARGV[7])) end
forget_fault(id)
leave_group(id)
redis.call('SET', 'relay:dropped:' .. id, ARGV[4], 'PX', ARGV[5])
if ARGV[9] == '1' then note_act(ARGV[4]) end
return 'done'
