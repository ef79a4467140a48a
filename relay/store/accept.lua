-- ARGV: nonce of the call, retention ms, retention of logs s, then 14 for each event:
-- id, hook, destination, lead, state, happened ms or '', number of updates, blob, why, fault (its reason, or ''),
-- names (of the lead, or to find it by), what to do where they are not known, errand ('' or its queue),
-- terms by which it is found.
-- Gives '1' where no drain serves a destination that has work now, then for each event: 1 for a duplicate else 0, and its state.
local nonce, retention, log_s = ARGV[1], ARGV[2], ARGV[3]
local answers, woken, seen = {0}, {}, {}
-- By hook, what is to be counted and logged of this call: written once for all of its events.
local counts, logs = {}, {}
local function add(hook, what)
  local of = counts[hook] or {}
  counts[hook], of[what] = of, (of[what] or 0) + 1
end
local function log(hook, id)
  local ids = logs[hook] or {}
  logs[hook], ids[#ids + 1] = ids, id
end

for i = 4, #ARGV, 14 do
  local id, hook, destination = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local names, errand = ARGV[i + 10], ARGV[i + 12]
  local old = header(id)
  if old then
    -- The same nonce: our own call, repeated by the client after its answer was lost.
    local duplicate = old.nonce ~= nonce or seen[id]
    if duplicate then add(hook, 'duplicate') end
    answers[#answers + 1] = {duplicate and 1 or 0, old.state}
  else
    local at = math.min(tonumber(ARGV[i + 5]) or NOW, NOW)
    local state, lead, found, why = whereabouts(destination, ARGV[i + 3], ARGV[i + 4], names, ARGV[i + 11], errand, ARGV[i + 8])
    local h = {state = state, states = states_of(state, lead, tonumber(ARGV[i + 6])), received = NOW, ago = NOW - at,
               number = int(redis.call('INCR', 'relay:number')), hook = hook, nonce = nonce, lead = found and lead or ''}
    write_record(id, h, ARGV[i + 7])
    log(hook, id)
    add(hook, 'accepted')
    add(hook, state)
    if ARGV[i + 9] ~= '' then
      note_fault(id, ARGV[i + 9], retention)
      regroup(id, h)
    end
    file_terms(id, NOW, ARGV[i + 13])
    if not waits(state) then redis.call('PEXPIRE', event_key(id), retention) end
    if settle_down(id, h, lead, found, names, errand, why, true) then answers[1] = 1 end
    if state == 'p' and lead ~= '' and not h.shelved then woken[destination] = true end
    seen[id] = true
    answers[#answers + 1] = {0, state}
  end
end
for hook, ids in pairs(logs) do
  local key = 'relay:log:' .. hook .. ':' .. day(NOW)
  if redis.call('RPUSH', key, unpack(ids)) == #ids then redis.call('EXPIRE', key, log_s) end
end
for hook, numbers in pairs(counts) do
  for what, by in pairs(numbers) do
    count(hook, NOW, what, by)
    if what == 'accepted' then
      tally_accepted(hook, by)
    elseif what == 'duplicate' then
      tally(hook, 'u', by, what)
    elseif what ~= 'p' then
      tally(hook, what, by)
    end
  end
end
for destination in pairs(woken) do
  if redis.call('EXISTS', 'relay:armed:' .. destination .. ':0') == 0 and not is_paused(destination) then answers[1] = 1 end
end
return answers
