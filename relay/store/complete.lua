-- The lead that an event was thought to be about is not there: forget that, and look for another. One of whose updates
-- another state is reached already stays with its lead: this update of it is a dead letter.
local function lose(id, h, destination, names, errand, why)
  if string.find(h.states, '[^p]') or names == '' then return false end
  local lead = h.lead
  for one = 0, #h.states - 1 do redis.call('ZREM', pending_key(lead), member_of(h.number, one, id)) end
  unlearn(lead, names)
  -- The lead API is asked once more and no more: who is told the same again would go round for ever.
  if errand ~= '' and not redis.call('SET', 'relay:lost:' .. id, 1, 'NX', 'PX', 86400000) then errand = '' end
  local state, found_lead, found, words = whereabouts(destination, '', 'p', names, 'park', errand, why)
  local blob = blob_of(id)
  h.lead, h.states = found and found_lead or '', states_of(state, found_lead, #h.states)
  write_record(id, h, blob)
  enter(id, h, state, 0)
  settle_down(id, h, found_lead, found, names, errand, words, true)
  return true
end

-- One completion of an exchange. Its arguments: destination, lead, token, clock or '', entry or '', state or '', keeps ('1': due though nothing is pending),
-- rest ms, updates kept, gap ms, verdict, words, retention ms, keep ms, cap, ms for which the state alone is kept,
-- names that the answered lead has, errand of events whose lead is lost, status of the answer or '',
-- then 6 for each update that has ended: member, id, place, state, why, names by which its event's lead was found.
-- They stand in ARGV behind ``base``, up to ``last``. Gives 1, or 0 where the claim is no longer ours: then nothing is
-- changed.
local function complete(base, last)
  local destination, lead, token = ARGV[base + 1], ARGV[base + 2], ARGV[base + 3]
  local state, keeps, rest, kept, gap = ARGV[base + 6], ARGV[base + 7] == '1', tonumber(ARGV[base + 8]), tonumber(ARGV[base + 9]), tonumber(ARGV[base + 10])
  local verdict, words, retention = ARGV[base + 11], ARGV[base + 12], ARGV[base + 13]
  local held = string.match(redis.call('GET', lead_key(lead)) or '', '^(%d+)\n')
  if held ~= token then return 0 end

  for i = base + 20, last, 6 do
    local member, id, place, new = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
    redis.call('ZREM', pending_key(lead), member)
    local h = header(id)
    if h and new == 'k' then
      -- An event with several updates is lost with the first of them.
      if h.lead ~= lead or lose(id, h, destination, ARGV[i + 5], ARGV[base + 18], ARGV[i + 4]) then h = nil else new = 'x' end
    end
    if h then
      set_place(id, h, place, new)
      enter(id, h, overall(h.states), retention)
      if new == 'x' then bury(id, h, lead, ARGV[i + 4]) end
    end
  end
  if ARGV[base + 17] ~= '' then learn(lead, ARGV[base + 17], 'c') end
  if ARGV[base + 4] ~= '' or ARGV[base + 5] ~= '' then remember(lead, ARGV[base + 5], ARGV[base + 4], ARGV[base + 14], tonumber(ARGV[base + 15])) end

  -- Not before the first write above: when Redis is full, it refuses a script whose first write takes room.
  if ARGV[base + 19] ~= '' then redis.call('HINCRBY', 'relay:total', 'attempt:' .. destination .. ':' .. ARGV[base + 19], 1) end

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

  judge_gate('relay:d:' .. destination, verdict, words)
  return 1
end
