-- Let go on what more waits for names that have become known. Gives how many names are left to look at.
local next = redis.call('HSCAN', 'relay:releases', 0, 'COUNT', 1)[2]
if next[1] and not release(next[1], next[2]) then redis.call('HDEL', 'relay:releases', next[1]) end
return redis.call('HLEN', 'relay:releases')
