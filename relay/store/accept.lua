-- ARGV: nonce of the call, retention ms, retention of logs s, then 10 for each event:
-- id, hook, destination, lead, state, happened ms or '', number of updates, blob, why, faulty ('1' or '').
-- Gives '1' where no drain serves a destination that has work now, then for each event: 1 for a duplicate else 0, and its state.
local nonce, retention, log_s = ARGV[1], ARGV[2], ARGV[3]
local answers, woken, seen = {0}, {}, {}
for i = 4, #ARGV, 10 do
  local id, hook, destination, lead, state = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local updates, why = tonumber(ARGV[i + 6]), ARGV[i + 8]
  local old = header(id)
  if old then
    -- The same nonce: our own call, repeated by the client after its answer was lost.
    local duplicate = old.nonce ~= nonce or seen[id]
    if duplicate then count(hook, NOW, 'duplicate', 1) end
    answers[#answers + 1] = {duplicate and 1 or 0, old.state}
  else
    local number = redis.call('INCR', 'relay:number')
    local at = math.min(tonumber(ARGV[i + 5]) or NOW, NOW)
    local states = state == 'p' and string.rep('p', updates) or ''
    local record = table.concat({state, states, int(NOW), int(NOW - at), int(number), hook, nonce}, ' ')
    redis.call('SET', event_key(id), record .. '\n' .. ARGV[i + 7])
    local log = 'relay:log:' .. hook .. ':' .. day(NOW)
    if redis.call('RPUSH', log, id) == 1 then redis.call('EXPIRE', log, log_s) end
    count(hook, NOW, 'accepted', 1)
    count(hook, NOW, state, 1)
    if ARGV[i + 9] ~= '' then
      redis.call('ZADD', 'relay:faulty', NOW, id)
      redis.call('ZREMRANGEBYSCORE', 'relay:faulty', '-inf', int(NOW - retention))
    end
    if state == 'p' then
      for place = 0, updates - 1 do pend(destination, lead, member_of(number, place, id), at, true) end
      woken[destination] = true
    elseif state == 'k' then
      redis.call('ZADD', 'relay:parked', NOW, id)
      redis.call('HSET', 'relay:why', id, why)
    elseif state == 'x' then
      bury(id, lead, why)
    else
      redis.call('PEXPIRE', event_key(id), retention)
    end
    seen[id] = true
    answers[#answers + 1] = {0, state}
  end
end
for destination in pairs(woken) do
  wake(destination)
  if redis.call('EXISTS', 'relay:armed:' .. destination .. ':0') == 0 then answers[1] = 1 end
end
return answers
