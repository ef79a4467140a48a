-- ARGV: ms for which a text is kept from now on, how many of the hook files ended now, then for each that is loaded its hook,
-- its version and its text, packed, and for each that ended, loaded until now, its hook and its version.
-- A text that is there already is only kept for longer. Versions whose text is gone leave their hook's list.
-- The version that was loaded last has the latest time, even where another was loaded in the same millisecond.
local keep, left = ARGV[1], tonumber(ARGV[2])
for i = 3, #ARGV - 2 * left, 3 do
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
for i = #ARGV - 2 * left + 1, #ARGV, 2 do
  local list, version = 'relay:rules:' .. ARGV[i], ARGV[i + 1]
  local first, last = string.match(redis.call('HGET', list, version) or '', '^(%d+) (%d+)$')
  if first then redis.call('HSET', list, version, first .. ' ' .. int(math.max(tonumber(last), NOW - 1))) end
end
return 1
