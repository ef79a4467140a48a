-- ARGV: what is done, hook, ms to keep it all, then
--   begin   version, text, packed: a new version of the shadow; it is compared from the next event on
--   note    JSON: version, day, at (how far its hook's log was compared), to_day, to_at, counts, differing (id and time),
--           later (ids of events of which nothing can be said yet)
--   settle  JSON: version, ready (by id: counts, and at where it differs), again (by id: when to look again)
--   tell    JSON: faults (lines)
-- relay:shadow:<hook> holds v (version), t (text), since, day, at, looked, x (faults), and c:<what>, a count.
-- Gives 1 where it was done; 0 where somebody else was there first, or this very call was, and its answer was lost.
local what, hook, keep = ARGV[1], ARGV[2], ARGV[3]
local KEPT = 1000
local key = 'relay:shadow:' .. hook
local events, later = key .. ':events', key .. ':later'

local function add(counts)
  for name, number in pairs(counts) do redis.call('HINCRBY', key, 'c:' .. name, int(number)) end
end

local function differs(id, at)
  redis.call('ZADD', events, int(at), id)
  redis.call('ZREMRANGEBYRANK', events, 0, -KEPT - 1)
end

local done = 1
if what == 'begin' then
  if redis.call('HGET', key, 'v') == ARGV[4] then
    done = 0
  else
    redis.call('DEL', key, events, later)
    local today = day(NOW)
    redis.call('HSET', key, 'v', ARGV[4], 't', ARGV[5], 'since', int(NOW), 'day', today, 'looked', int(NOW),
               'at', redis.call('LLEN', 'relay:log:' .. hook .. ':' .. today))
  end
else
  local told = cjson.decode(ARGV[4])
  if what == 'tell' then
    redis.call('HSET', key, 'looked', int(NOW))
    if #told.faults == 0 then
      redis.call('HDEL', key, 'x')
    else
      local known = redis.call('HGET', key, 'x')
      local since = known and cjson.decode(known).since or NOW
      redis.call('HSET', key, 'x', cjson.encode({lines = told.faults, since = since}))
    end
  elseif redis.call('HGET', key, 'v') ~= told.version then
    return 0
  elseif what == 'note' then
    local place = redis.call('HMGET', key, 'day', 'at')
    if tonumber(place[1]) ~= told.day or tonumber(place[2]) ~= told.at then return 0 end
    redis.call('HSET', key, 'day', int(told.to_day), 'at', int(told.to_at), 'looked', int(NOW))
    add(told.counts)
    for _, one in ipairs(told.differing) do differs(one[1], one[2]) end
    for _, id in ipairs(told.later) do redis.call('ZADD', later, 'NX', int(NOW), id) end
    local over = redis.call('ZCARD', later) - KEPT
    if over > 0 then
      redis.call('ZREMRANGEBYRANK', later, 0, over - 1)
      add({gone = over})
    end
  elseif what == 'settle' then
    for id, one in pairs(told.ready) do
      if redis.call('ZREM', later, id) == 1 then
        add(one.counts)
        if one.at then differs(id, one.at) end
      end
    end
    for id, at in pairs(told.again) do redis.call('ZADD', later, 'XX', int(at), id) end
  end
end
for _, one in ipairs({key, events, later}) do redis.call('PEXPIRE', one, keep) end
return done
