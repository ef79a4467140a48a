-- ARGV: who says so ('c' the CRM, 'p' a person), act for the list of acts or '', more ('1' where more leads follow),
-- then for each lead its name and its names. What waits for these names is let go on when all is noted, of all calls of
-- one list: of two leads with one name the first must not take it. Gives how many names are to be looked at now.
for i = 4, #ARGV, 2 do
  for _, hash in ipairs(note(ARGV[i], ARGV[i + 1], ARGV[1])) do
    redis.call('HSET', 'relay:awaited', hash, destination_of(ARGV[i]))
  end
end
if ARGV[2] ~= '' then
  redis.call('LPUSH', 'relay:acts', ARGV[2])
  redis.call('LTRIM', 'relay:acts', 0, 9999)
end
if ARGV[3] == '' then
  local awaited = redis.call('HGETALL', 'relay:awaited')
  for i = 1, #awaited, 2 do redis.call('HSET', 'relay:releases', awaited[i], awaited[i + 1]) end
  redis.call('DEL', 'relay:awaited')
end
return redis.call('HLEN', 'relay:releases')
