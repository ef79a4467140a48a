-- ARGV: group, who, '1' to take it back. A person has seen it. Gives 1, or 0 where it is not open.
local gid, who = ARGV[1], ARGV[2]
if not redis.call('ZSCORE', 'relay:open', gid) then return 0 end
local count, what = redis.call('ZCARD', members_key(gid)), 'acknowledge'
if ARGV[3] == '1' then
  if redis.call('HDEL', group_key(gid), 'acked') == 0 then return 1 end
  what = 'open'
elseif redis.call('HSETNX', group_key(gid), 'acked', cjson.encode({who, tonumber(int(NOW)), count})) == 0 then
  return 1
end
redis.call('LPUSH', 'relay:acts', cjson.encode({tonumber(int(NOW)), who, what, 'group ' .. gid, ''}))
redis.call('LTRIM', 'relay:acts', 0, 9999)
return 1
