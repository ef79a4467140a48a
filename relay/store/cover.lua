-- ARGV: a process, the number of its call, s for which a day's counts are kept, then triples: a hook, a field of
-- relay:held:<hook>:<day>, and by how much it grows.
-- The same call made again changes nothing. Gives 1 where it was made.
local called = 'relay:tallied:' .. ARGV[1]
if redis.call('GET', called) == ARGV[2] then return 0 end
redis.call('SET', called, ARGV[2], 'PX', 3600000)
local keys = {}
for i = 4, #ARGV, 3 do
  local key = 'relay:held:' .. ARGV[i] .. ':' .. day(NOW)
  redis.call('HINCRBY', key, ARGV[i + 1], ARGV[i + 2])
  keys[key] = true
end
for key in pairs(keys) do redis.call('EXPIRE', key, ARGV[3]) end
return 1
