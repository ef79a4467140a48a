-- The claims of an exchange. ARGV: destination, room, lease ms, rate per second (0: none) unless a person has set another,
-- updates at most for one lead.
-- Gives: now, ms until there may be more, word of the gate, then for each lead:
-- lead, token, its gap ms and state on two lines, its clock, and for each pending update: member, happened ms, record.
local function claim()
  local destination, room, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
  local most = tonumber(ARGV[5])
  local gate = 'relay:d:' .. destination
  local d = {}
  local flat = redis.call('HGETALL', gate)
  for i = 1, #flat, 2 do d[flat[i]] = flat[i + 1] end

  local function closed(ms, word) return {int(NOW), int(math.max(ms, 1)), word} end

  if d.paused then return closed(1000, 'paused') end
  if tonumber(d.slow or 0) > NOW then return closed(d.slow - NOW, 'slowed') end
  local probing = d.held and 'held' or (d.open and 'open') or ''
  if probing ~= '' then
    local from = tonumber(d.probe or 0)
    if from > NOW then return closed(from - NOW, probing) end
    room = 1
  end

  local rate = tonumber(d.rate or ARGV[4])
  local tokens, burst = room, 0
  if rate > 0 then
    burst = math.max(1, rate / 5)
    tokens = math.min(burst, tonumber(d.tokens or burst) + (NOW - tonumber(d.at or NOW)) * rate / 1000)
    if tokens < 1 then return closed(math.ceil((1 - tokens) * 1000 / rate), 'rate') end
    room = math.min(room, math.floor(tokens))
  end

  local due = due_key(destination)
  local leads = room > 0 and redis.call('ZRANGEBYSCORE', due, '-inf', int(NOW), 'LIMIT', 0, room) or {}
  if rate > 0 and #leads > 0 then redis.call('HSET', gate, 'tokens', tokens - #leads, 'at', int(NOW)) end

  local claims, hooks, sends = {}, kept_back(), false
  for _, name in ipairs(leads) do
    local state = string.match(redis.call('GET', lead_key(name)) or '', '\n(.*)') or '0\n'
    local updates = {}
    local members = redis.call('ZRANGE', pending_key(name), 0, most - 1, 'WITHSCORES')
    for m = 1, #members, 2 do
      local id = string.match(members[m], ':(.*)')
      local record = redis.call('GET', event_key(id))
      if not (hooks and take_off(name, id, record, hooks)) then
        updates[#updates + 1] = {members[m], members[m + 1], record}
      end
    end
    if #updates == 0 and #members > 0 and string.match(state, '\n$') and redis.call('ZCARD', pending_key(name)) == 0 then
      -- All it had stands on shelves now.
      redis.call('ZREM', due, name)
      redis.call('DEL', lead_key(name))
    else
      local token = int(redis.call('INCR', 'relay:token'))
      redis.call('ZADD', due, int(NOW + lease), name)
      redis.call('SET', lead_key(name), token .. '\n' .. state)
      claims[#claims + 1] = {name, token, state, redis.call('LINDEX', clock_key(name), -1) or '', updates}
      sends = sends or not hooks or #updates > 0
    end
  end
  if probing ~= '' and sends then redis.call('HSET', gate, 'probe', int(NOW + lease)) end

  local wait = 1000
  if #leads < room then
    local next = redis.call('ZRANGEBYSCORE', due, '(' .. int(NOW), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if next[2] then wait = math.max(1, math.min(wait, next[2] - NOW)) end
  elseif rate > 0 and tokens - #leads < 1 then
    wait = math.ceil(1000 / rate)
  else
    wait = 0
  end
  return {int(NOW), int(wait), probing, unpack(claims)}
end
