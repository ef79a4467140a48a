-- ARGV: queue, lease ms, ids of errands that are still being run. Those that were put off or are done are left as they are.
for i = 3, #ARGV do
  local due = tonumber(redis.call('ZSCORE', errands_key(ARGV[1]), ARGV[i]) or 0)
  if due > NOW and due < NOW + tonumber(ARGV[2]) then redis.call('ZADD', errands_key(ARGV[1]), 'XX', int(NOW + ARGV[2]), ARGV[i]) end
end
return 1
