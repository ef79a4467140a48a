-- ARGV: queue, room, lease ms, gate ('1' to heed it). Gives ms until there may be more, word of the gate, then for each event: id, what was tried.
local queue, room, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local gate, due = 'relay:g:' .. queue, errands_key(queue)
if kept_waiting(queue) then return {1000, 'paused'} end
local slow, held, open, probe = unpack(redis.call('HMGET', gate, 'slow', 'held', 'open', 'probe'))
if tonumber(slow or 0) > NOW then return {int(slow - NOW), 'slowed'} end
local probing = held and 'held' or (open and 'open') or ''
if probing ~= '' then
  if tonumber(probe or 0) > NOW then return {int(probe - NOW), probing} end
  room = 1
end
local ids = redis.call('ZRANGEBYSCORE', due, '-inf', int(NOW), 'LIMIT', 0, room)
if probing ~= '' and #ids > 0 then redis.call('HSET', gate, 'probe', int(NOW + lease)) end
local answer = {1000, probing}
for _, id in ipairs(ids) do
  redis.call('ZADD', due, int(NOW + lease), id)
  answer[#answer + 1] = {id, redis.call('HGET', 'relay:errand', id) or ''}
end
if #ids < room then
  local next = redis.call('ZRANGEBYSCORE', due, '(' .. int(NOW), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if next[2] then answer[1] = int(math.max(1, next[2] - NOW)) end
  if #ids == 0 and not next[2] then redis.call('SREM', 'relay:errands', queue) end
else
  answer[1] = 0
end
return answer
