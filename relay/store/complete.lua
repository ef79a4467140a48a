-- One completion of an exchange. Its arguments: destination, lead, token, clock or '', entry or '', state or '', keeps ('1': due though nothing is pending),
-- rest ms, updates kept, gap ms, verdict, words, retention ms, keep ms, cap, ms for which the state alone is kept,
-- then 5 for each update that has ended: member, id, place, state, why.
-- They stand in ARGV behind ``base``, up to ``last``. Gives 1, or 0 where the claim is no longer ours: then nothing is
-- changed.
local function complete(base, last)
  local destination, lead, token = ARGV[base + 1], ARGV[base + 2], ARGV[base + 3]
  local state, keeps, rest, kept, gap = ARGV[base + 6], ARGV[base + 7] == '1', tonumber(ARGV[base + 8]), tonumber(ARGV[base + 9]), tonumber(ARGV[base + 10])
  local verdict, words, retention = ARGV[base + 11], ARGV[base + 12], ARGV[base + 13]
  local held = string.match(redis.call('GET', lead_key(lead)) or '', '^(%d+)\n')
  if held ~= token then return 0 end

  for i = base + 17, last, 5 do
    local member, id, place, new = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
    redis.call('ZREM', pending_key(lead), member)
    local h = header(id)
    if h then
      set_place(id, h, place, new)
      enter(id, h, overall(h.states), retention)
      if new == 'x' then bury(id, lead, ARGV[i + 4]) end
    end
  end
  if ARGV[base + 4] ~= '' or ARGV[base + 5] ~= '' then remember(lead, ARGV[base + 5], ARGV[base + 4], ARGV[base + 14], tonumber(ARGV[base + 15])) end

  local left = redis.call('ZCARD', pending_key(lead))
  local due = due_key(destination)
  if left == 0 and not keeps then
    redis.call('ZREM', due, lead)
    if state == '' then
      redis.call('DEL', lead_key(lead))
    else
      redis.call('SET', lead_key(lead), '0\n0\n' .. state, 'PX', ARGV[base + 16])
    end
  else
    redis.call('SET', lead_key(lead), '0\n' .. ARGV[base + 10] .. '\n' .. state)
    -- What came in since the claim has no back-off: it goes out after the gap at the latest.
    redis.call('ZADD', due, int(NOW + (left > kept and math.min(gap, rest) or rest)), lead)
  end

  local gate = 'relay:d:' .. destination
  local probing = redis.call('HMGET', gate, 'fails', 'open', 'held')
  if verdict == 'answered' then
    if probing[1] or probing[2] or probing[3] then redis.call('HDEL', gate, 'fails', 'open', 'held', 'probe', 'words') end
  elseif verdict == 'failed' then
    local fails = redis.call('HINCRBY', gate, 'fails', 1)
    if fails >= 20 and not probing[3] then
      redis.call('HSET', gate, 'open', probing[2] or int(NOW), 'probe', int(NOW + 5000), 'words', words)
    end
  elseif verdict == 'denied' then
    redis.call('HSET', gate, 'held', probing[3] or int(NOW), 'probe', int(NOW + 10000), 'words', words)
  elseif verdict ~= '' then
    local until_ms = int(NOW + tonumber(verdict))
    if tonumber(redis.call('HGET', gate, 'slow') or 0) < tonumber(until_ms) then
      redis.call('HSET', gate, 'slow', until_ms, 'words', words)
    end
  end
  return 1
end
