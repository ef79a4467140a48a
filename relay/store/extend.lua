-- ARGV: destination, lease ms, then lead and token of each claim. Prolongs those that are still ours; gives how many.
local ours = 0
for i = 3, #ARGV, 2 do
  if string.match(redis.call('GET', lead_key(ARGV[i])) or '', '^(%d+)\n') == ARGV[i + 1] then
    redis.call('ZADD', due_key(ARGV[1]), 'XX', int(NOW + tonumber(ARGV[2])), ARGV[i])
    ours = ours + 1
  end
end
return ours
