-- ARGV: id, destination, lead, state to enter, number of updates, blob or '' (as mapped), why, force ('1' or ''),
-- entry for the lead's history, retention ms, keep ms, cap, lead it had before, faulty ('1' or '').
-- Gives 'done', 'gone', or 'in flight'. The event keeps its stamp, so the stale guard holds; force gives it a new one.
local id, destination, lead, state = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local updates, blob, force, retention = tonumber(ARGV[5]), ARGV[6], ARGV[8] == '1', ARGV[10]
local h = header(id)
if not h then return 'gone' end
if string.find(h.states, 'p', 1, true) or h.state == 'p' then return 'in flight' end

if redis.call('ZREM', 'relay:dead', id) == 1 then
  hold(ARGV[13], -1)
  -- The lead that it had before may be another than the one that it has from now on.
  if redis.call('HEXISTS', 'relay:waiting', ARGV[13]) == 0 then redis.call('PEXPIRE', clock_key(ARGV[13]), ARGV[11]) end
end
redis.call('ZREM', 'relay:parked', id)
redis.call('ZREM', 'relay:faulty', id)
redis.call('HDEL', 'relay:why', id)

-- As mapped, an event with dead updates sends just those again; any other sends all. A new stamp is that of the whole
-- event, so with force all are sent.
local only_dead = blob == '' and not force and string.find(h.states, 'x', 1, true)
local states = only_dead and string.gsub(h.states, 'x', 'p') or (state == 'p' and string.rep('p', updates) or '')
if force then
  h.number = int(redis.call('INCR', 'relay:number'))
  h.ago = h.received - NOW
end
if blob == '' then
  local record = redis.call('GET', event_key(id))
  blob = string.sub(record, string.find(record, '\n', 1, true) + 1)
end
local top = table.concat({h.state, states, int(h.received), int(h.ago), h.number, h.hook, h.nonce}, ' ')
redis.call('SET', event_key(id), top .. '\n' .. blob)
h.states = states
enter(id, h, state, retention)

if ARGV[9] ~= '' and lead ~= '' then remember(lead, ARGV[9], '', ARGV[11], tonumber(ARGV[12])) end
if ARGV[14] ~= '' then redis.call('ZADD', 'relay:faulty', NOW, id) end
if state == 'p' then
  for place = 0, #states - 1 do
    if string.sub(states, place + 1, place + 1) == 'p' then
      pend(destination, lead, member_of(h.number, place, id), int(h.received - h.ago), false)
    end
  end
  wake(destination)
elseif state == 'k' then
  redis.call('ZADD', 'relay:parked', NOW, id)
  redis.call('HSET', 'relay:why', id, ARGV[7])
elseif state == 'x' then
  bury(id, lead, ARGV[7])
end
return 'done'
