-- The life of a replay's record. ARGV: verb, its id, ms for which one that has ended is kept, lease ms, then what the verb takes.
-- Gives the state that it is in then, or '' where it is not this caller's, or is not there.
local verb, run, keep, lease = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local key = run_key(run)
local state, driver = unpack(redis.call('HMGET', key, 'state', 'driver'))

if verb == 'create' then
  -- ARGV: records in the list at the most, then names and values of its fields.
  if state then return state end
  for i = 6, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', key, 'at', int(NOW), 'next', 0, 'replayed', 0, 'failed', 0)
  redis.call('ZADD', 'relay:replays', NOW, run)
  state = redis.call('HGET', key, 'state')
  if state == 'planning' then
    redis.call('ZADD', TODO, int(NOW), run)
    persist(run)
  else
    keep_for(run, keep)
  end
  for _, old in ipairs(redis.call('ZRANGE', 'relay:replays', 0, 19)) do
    local many = redis.call('ZCARD', 'relay:replays') > tonumber(ARGV[5])
    if not redis.call('ZSCORE', TODO, old) and (many or redis.call('EXISTS', run_key(old)) == 0) then
      redis.call('ZREM', 'relay:replays', old)
      redis.call('DEL', run_key(old), run_key(old) .. ':ids', run_key(old) .. ':failed')
    end
  end
  return state
end
if not state then return '' end

if verb == 'start' then
  -- ARGV: who drives it ('' for the background worker), act for the list of acts.
  if state ~= 'planned' then return state end
  redis.call('HSET', key, 'state', 'running', 'started', int(NOW), 'driver', ARGV[5])
  persist(run)
  redis.call('ZADD', TODO, int(ARGV[5] == '' and NOW or NOW + lease), run)
  if redis.call('HGET', key, 'total') == '0' then finish(run, 'done', keep) end
  note_act(ARGV[6])
  return redis.call('HGET', key, 'state')
elseif verb == 'cancel' then
  -- ARGV: act for the list of acts.
  if state ~= 'planning' and state ~= 'planned' and state ~= 'running' then return state end
  finish(run, 'cancelled', keep)
  note_act(ARGV[5])
  return 'cancelled'
elseif verb == 'take' then
  -- ARGV: who drives it from now on.
  local due = redis.call('ZSCORE', TODO, run)
  if not due or (driver ~= ARGV[5] and tonumber(due) > NOW) then return '' end
  redis.call('HSET', key, 'driver', ARGV[5])
  redis.call('ZADD', TODO, int(NOW + lease), run)
  return state
end

if driver ~= ARGV[5] or not redis.call('ZSCORE', TODO, run) then return '' end
if verb == 'keep' then
  -- ARGV: who drives it, what it waits for, events that were looked at so far, where they were counted.
  redis.call('ZADD', TODO, int(NOW + lease), run)
  redis.call('HSET', key, 'waits', ARGV[6])
  if ARGV[7] ~= '' then redis.call('HSET', key, 'looked', ARGV[7]) end
elseif verb == 'leave' then
  -- ARGV: who drove it. Whoever comes first goes on.
  redis.call('ZADD', TODO, int(NOW), run)
  redis.call('HSET', key, 'waits', '')
elseif verb == 'planned' then
  -- ARGV: who drove it, plan, how many events are to be replayed; their ids stand beside.
  if state ~= 'planning' then return '' end
  redis.call('DEL', key .. ':ids')
  if redis.call('EXISTS', key .. ':next') == 1 then redis.call('RENAME', key .. ':next', key .. ':ids') end
  redis.call('HSET', key, 'state', 'planned', 'plan', ARGV[6], 'total', ARGV[7], 'waits', '')
  redis.call('ZREM', TODO, run)
  keep_for(run, keep)
  return 'planned'
elseif verb == 'fail' then
  -- ARGV: who drove it, why it goes no further.
  redis.call('HSET', key, 'words', ARGV[6])
  finish(run, 'failed', keep)
  return 'failed'
elseif verb == 'miss' then
  -- ARGV: who drives it, place of an event that could not be replayed, the event and why, as they are told.
  local turn = turn_of(run, ARGV[5], tonumber(ARGV[6]))
  if turn == 'stopped' then return '' end
  if turn == 'now' then
    if redis.call('LLEN', key .. ':failed') < MOST_FAILURES then redis.call('RPUSH', key .. ':failed', ARGV[7]) end
    advance(run, 'failed', lease, keep)
  end
end
return state
