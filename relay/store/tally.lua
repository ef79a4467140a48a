-- ARGV: a process, the number of its call, then pairs: a field of relay:accept, and by how much it grows.
-- The same call made again changes nothing. Gives 1 where it was made.
local key = 'relay:tallied:' .. ARGV[1]
if redis.call('GET', key) == ARGV[2] then return 0 end
redis.call('SET', key, ARGV[2], 'PX', 3600000)
for i = 3, #ARGV, 2 do redis.call('HINCRBY', 'relay:accept', ARGV[i], ARGV[i + 1]) end
return 1
