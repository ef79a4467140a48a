-- ARGV: who says so ('c' the CRM, 'p' a person), act for the list of acts or '', then for each lead its name and its names.
-- What waits for these names is let go on when all is noted: of two leads with one name the first must not take it.
-- Gives how many names are awaited.
for i = 3, #ARGV, 2 do
  for _, hash in ipairs(note(ARGV[i], ARGV[i + 1], ARGV[1])) do
    redis.call('HSET', 'relay:releases', hash, destination_of(ARGV[i]))
  end
end
if ARGV[2] ~= '' then
  redis.call('LPUSH', 'relay:acts', ARGV[2])
  redis.call('LTRIM', 'relay:acts', 0, 9999)
end
return redis.call('HLEN', 'relay:releases')
