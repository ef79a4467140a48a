-- ARGV: ms for which a fault is believed that is not said again, then JSON: served (every hook that is; or absent), taken
-- (versions taken over, by hook), faults (lines by hook; '' is the folder), mended (hooks that have none any more).
-- relay:serving holds for each hook its version and since when; relay:rule-faults JSON: lines, since, seen.
local believed, told = tonumber(ARGV[1]), cjson.decode(ARGV[2])
if told.served then
  for _, hook in ipairs(redis.call('HKEYS', 'relay:serving')) do
    if not told.served[hook] then redis.call('HDEL', 'relay:serving', hook) end
  end
  for hook, version in pairs(told.taken) do
    local known = string.match(redis.call('HGET', 'relay:serving', hook) or '', '^%S+')
    if known ~= version then redis.call('HSET', 'relay:serving', hook, version .. ' ' .. int(NOW)) end
  end
end
for _, hook in ipairs(told.mended) do redis.call('HDEL', 'relay:rule-faults', hook) end
for hook, lines in pairs(told.faults) do
  local packed, since = redis.call('HGET', 'relay:rule-faults', hook), NOW
  if packed then
    local known = cjson.decode(packed)
    if known.seen > NOW - believed then since = known.since end
  end
  redis.call('HSET', 'relay:rule-faults', hook, cjson.encode({lines = lines, since = since, seen = NOW}))
end
local flat = redis.call('HGETALL', 'relay:rule-faults')
for i = 1, #flat, 2 do
  if cjson.decode(flat[i + 1]).seen <= NOW - believed then redis.call('HDEL', 'relay:rule-faults', flat[i]) end
end
return 1
