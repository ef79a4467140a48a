-- ARGV: retention ms. Takes events that are not kept any more out of the groups of those that went on without a value.
-- Gives now.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'relay:faulty', '-inf', int(NOW - tonumber(ARGV[1])), 'LIMIT', 0, 200)) do
  forget_fault(id)
  local h = header(id)
  if h then regroup(id, h) else leave_group(id) end
end
return int(NOW)
