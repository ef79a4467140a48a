-- ARGV: ms for which a text is kept from now on, then for each hook file its hook, its version and its text, packed.
-- A text that is there already is only kept for longer. Versions whose text is gone leave their hook's list.
-- The version that was loaded last has the latest time, even where another was loaded in the same millisecond.
local keep = ARGV[1]
for i = 2, #ARGV, 3 do
  local hook, version = ARGV[i], ARGV[i + 1]
  local list = 'relay:rules:' .. hook
  local text = list .. ':' .. version
  if redis.call('EXISTS', text) == 0 then redis.call('SET', text, ARGV[i + 2]) end
  redis.call('PEXPIRE', text, keep)
  local at = NOW
  for _, other in ipairs(redis.call('HKEYS', list)) do
    if redis.call('EXISTS', list .. ':' .. other) == 0 then
      redis.call('HDEL', list, other)
    elseif other ~= version then
      at = math.max(at, tonumber(string.match(redis.call('HGET', list, other), '%d+$')) + 1)
    end
  end
  local first = string.match(redis.call('HGET', list, version) or '', '^%d+') or int(at)
  redis.call('HSET', list, version, first .. ' ' .. int(at))
  redis.call('PEXPIRE', list, keep)
end
return 1
