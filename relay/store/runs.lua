-- Replays as records: what is to be replayed, how far it has come, and who carries it on until its lease ends. Stands before
-- the scripts that know of them.
local TODO = 'relay:replays:todo'
local MOST_FAILURES = 100

local function run_key(run) return 'relay:replay:' .. run end

local function keep_for(run, ms)
  for _, part in ipairs({'', ':ids', ':failed'}) do redis.call('PEXPIRE', run_key(run) .. part, ms) end
end

local function persist(run)
  for _, part in ipairs({'', ':ids', ':failed'}) do redis.call('PERSIST', run_key(run) .. part) end
end

-- It goes no further: nobody drives it any more, and it is kept for a while to be read.
local function finish(run, state, keep)
  redis.call('HSET', run_key(run), 'state', state, 'ended', int(NOW), 'waits', '')
  redis.call('ZREM', TODO, run)
  keep_for(run, keep)
end

-- Whether it is this event's turn: 'now', 'done' (the client repeats a call whose answer was lost), or 'stopped'.
local function turn_of(run, driver, place)
  local state, who, next = unpack(redis.call('HMGET', run_key(run), 'state', 'driver', 'next'))
  if who ~= driver then return 'stopped' end
  if tonumber(next) == place + 1 then return 'done' end
  return state == 'running' and tonumber(next) == place and 'now' or 'stopped'
end

-- One event is done with; with the last of them the replay is.
local function advance(run, what, lease, keep)
  redis.call('HINCRBY', run_key(run), what, 1)
  local next = redis.call('HINCRBY', run_key(run), 'next', 1)
  if next >= tonumber(redis.call('HGET', run_key(run), 'total')) then
    finish(run, 'done', keep)
  else
    redis.call('ZADD', TODO, int(NOW + lease), run)
  end
end
