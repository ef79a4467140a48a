-- ARGV: hook, how many at the most. Puts events of a hook that is being resumed back under their leads, the oldest stamps
-- first. What comes in meanwhile goes to the end of the shelf, so that none overtakes another; with an empty shelf the pause
-- is over. Gives how many are left; -1 where the hook is not being resumed.
local hook, key = ARGV[1], shelf_key(ARGV[1])
if redis.call('HEXISTS', RESUMING, hook) == 0 then return -1 end
for _, place in ipairs(redis.call('ZRANGE', key, 0, tonumber(ARGV[2]) - 1)) do
  local id, lead = string.match(place, '^%d+:([^:]+):(.*)$')
  redis.call('ZREM', key, place)
  local h = header(id)
  if h then put_under(id, h, lead, false) end
end
local left = redis.call('ZCARD', key)
if left == 0 then
  redis.call('HDEL', PAUSED, hook)
  redis.call('HDEL', RESUMING, hook)
end
return left
