-- ARGV: who says so ('c' the CRM, 'p' a person), act for the list of acts or '', then for each lead its name and its names.
-- Gives how many events wait for these names still.
for i = 3, #ARGV, 2 do learn(ARGV[i], ARGV[i + 1], ARGV[1]) end
if ARGV[2] ~= '' then
  redis.call('LPUSH', 'relay:acts', ARGV[2])
  redis.call('LTRIM', 'relay:acts', 0, 9999)
end
return redis.call('HLEN', 'relay:releases')
