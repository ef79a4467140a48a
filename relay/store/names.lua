-- What leads are known by: an index of keyed hashes, and the events that wait for one of them. Stands before each script.
-- A name is a letter for its kind (p phone, e e-mail, x id elsewhere) and sixteen letters of its hash.
local NAME = 17
-- Under a name stand its leads: each a letter for who said so (e an event, c the CRM, p a person) and its id's bytes.
local ENTRY = 17
local MOST_LEADS = 8
-- Events released in one step; the rest follow in steps of their own.
local MOST_RELEASED = 100
local AMBIGUOUS = cjson.encode({'ambiguous', 'several leads are known for it', 0, 0, 0})

local function destination_of(lead) return string.match(lead, '^(.*)/') or 'default' end
local function index_of(hash) return 'relay:i:' .. string.sub(hash, 1, 2), string.sub(hash, 3) end
local function waiting_key(hash) return 'relay:w:' .. hash end

local function raw_of(lead)
  local hex = string.gsub(string.sub(lead, -36), '-', '')
  return (string.gsub(hex, '%x%x', function(pair) return string.char(tonumber(pair, 16)) end))
end

local function named(destination, raw)
  local hex = string.gsub(raw, '.', function(byte) return string.format('%02x', string.byte(byte)) end)
  local id = table.concat({string.sub(hex, 1, 8), string.sub(hex, 9, 12), string.sub(hex, 13, 16), string.sub(hex, 17, 20), string.sub(hex, 21)}, '-')
  return destination == 'default' and id or destination .. '/' .. id
end

-- The leads of one name: those that a person linked, where there are any.
local function leads_of(hash)
  local key, field = index_of(hash)
  local entries = redis.call('HGET', key, field) or ''
  local all, linked = {}, {}
  for at = 1, #entries, ENTRY do
    local raw = string.sub(entries, at + 1, at + ENTRY - 1)
    all[#all + 1] = raw
    if string.sub(entries, at, at) == 'p' then linked[#linked + 1] = raw end
  end
  return #linked > 0 and linked or all
end

-- The lead of the first of these names that is known at all; or nil, and whether several have that name.
local function resolve(destination, names)
  for at = 1, #names, NAME do
    local leads = leads_of(string.sub(names, at + 1, at + NAME - 1))
    if #leads == 1 then return named(destination, leads[1]) end
    if #leads > 1 then return nil, true end
  end
end

-- Have an event wait for any of these names to become known.
local function wait_for(id, names)
  for at = 1, #names, NAME do redis.call('ZADD', waiting_key(string.sub(names, at + 1, at + NAME - 1)), NOW, id) end
end

local function wait_no_more(id, names)
  for at = 1, #names, NAME do redis.call('ZREM', waiting_key(string.sub(names, at + 1, at + NAME - 1)), id) end
end

local function errands_key(queue) return 'relay:errands:' .. queue end

-- Leads are neither looked up nor created at a destination that is paused.
local function kept_waiting(queue)
  local destination = string.match(queue, '^find:(.*)')
  return destination and is_paused(destination)
end

-- Something is to be done for this event before it can go on: fetch its answers, find its lead.
local function send_on_errand(queue, id)
  redis.call('ZADD', errands_key(queue), NOW, id)
  redis.call('SADD', 'relay:errands', queue)
end

local function errand_done(queue, id)
  if redis.call('ZREM', errands_key(queue), id) == 0 then return false end
  redis.call('HDEL', 'relay:errand', id)
  if redis.call('ZCARD', errands_key(queue)) == 0 then redis.call('SREM', 'relay:errands', queue) end
  return true
end

local function park(id, h, why)
  redis.call('ZADD', 'relay:parked', NOW, id)
  redis.call('HSET', 'relay:why', id, why)
  regroup(id, h)
end

local function unpark(id)
  redis.call('ZREM', 'relay:parked', id)
  redis.call('HDEL', 'relay:why', id)
end

-- Put all updates of an event that wait under its lead.
local function put_under(id, h, lead, live)
  local destination = destination_of(lead)
  for place = 0, #h.states - 1 do
    if string.sub(h.states, place + 1, place + 1) == 'p' then
      pend(destination, lead, member_of(h.number, place, id), int(h.received - h.ago), live)
    end
  end
  wake(destination)
end

-- The same, unless its hook is paused: then it stands on the shelf.
local function pend_all(id, h, lead, live)
  h.shelved = redis.call('HEXISTS', PAUSED, h.hook) == 1
  if h.shelved then shelve(id, h, lead) else put_under(id, h, lead, live) end
end

-- Its lead has become known: the event goes on, with the stamp that it has had all along.
local function adopt(id, lead)
  local h = header(id)
  if not h then return end
  if h.state == 'k' and string.find(h.states, 'k', 1, true) then
    unpark(id)
  elseif h.state ~= 'p' or not errand_done('find:' .. destination_of(lead), id) then
    return
  end
  local blob = blob_of(id)
  h.states, h.lead = string.rep('p', #h.states), lead
  write_record(id, h, blob)
  enter(id, h, 'p', 0)
  regroup(id, h)
  file_lead(id, h.received, lead)
  pend_all(id, h, lead, true)
end

-- Let go on what waits for this name, if it names one lead now. Gives whether more is left.
local function release(hash, destination)
  local leads = leads_of(hash)
  if #leads ~= 1 then return false end
  local lead = named(destination, leads[1])
  local ids = redis.call('ZRANGE', waiting_key(hash), 0, MOST_RELEASED - 1)
  for _, id in ipairs(ids) do
    redis.call('ZREM', waiting_key(hash), id)
    adopt(id, lead)
  end
  return #ids == MOST_RELEASED
end

-- Note that a lead is known by these names, and list those that have events waiting. A person's word replaces all others'.
local function note(lead, names, by)
  local raw, awaited = raw_of(lead), {}
  for at = 1, #names, NAME do
    local hash = string.sub(names, at + 1, at + NAME - 1)
    local key, field = index_of(hash)
    local entries = redis.call('HGET', key, field) or ''
    local known = false
    for place = 1, #entries, ENTRY do known = known or string.sub(entries, place + 1, place + ENTRY - 1) == raw end
    local new = by == 'p' and by .. raw or ((known or #entries >= MOST_LEADS * ENTRY) and entries or entries .. by .. raw)
    if new ~= entries then
      redis.call('HSET', key, field, new)
      if redis.call('EXISTS', waiting_key(hash)) == 1 then awaited[#awaited + 1] = hash end
    end
  end
  return awaited
end

-- The same, and what waits for one of these names goes on.
local function learn(lead, names, by)
  local destination = destination_of(lead)
  for _, hash in ipairs(note(lead, names, by)) do
    if release(hash, destination) then redis.call('HSET', 'relay:releases', hash, destination) end
  end
end

-- A lead is gone: it has these names no more.
local function unlearn(lead, names)
  local raw = raw_of(lead)
  for at = 1, #names, NAME do
    local key, field = index_of(string.sub(names, at + 1, at + NAME - 1))
    local entries, kept = redis.call('HGET', key, field) or '', ''
    for place = 1, #entries, ENTRY do
      local one = string.sub(entries, place, place + ENTRY - 1)
      if string.sub(one, 2) ~= raw then kept = kept .. one end
    end
    if kept == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, kept) end
  end
end

local function ids_elsewhere(names)
  local found = ''
  for at = 1, #names, NAME do
    if string.sub(names, at, at) == 'x' then found = found .. string.sub(names, at, at + NAME - 1) end
  end
  return found
end

-- Say where an event stands. Gives state, lead, whether it was found just now, and why it is parked.
local function whereabouts(destination, lead, state, names, missing, errand, why)
  if state ~= 'p' or lead ~= '' or names == '' then return state, lead, false, why end
  local found, several = resolve(destination, names)
  if found then return 'p', found, true, '' end
  if several then return 'k', '', false, AMBIGUOUS end
  if errand ~= '' then return 'p', '', false, '' end
  if missing == 'ignore' then return 'i', '', false, '' end
  return 'k', '', false, why
end

local function states_of(state, lead, updates)
  if state == 'p' and lead ~= '' then return string.rep('p', updates) end
  return (state == 'p' or state == 'k') and string.rep('k', updates) or ''
end

-- Put an event where it belongs, now that its record says where that is. Gives whether somebody is to look for its rest.
local function settle_down(id, h, lead, found, names, errand, why, live)
  if lead ~= '' then file_lead(id, h.received, lead) end
  if h.state == 'p' and lead ~= '' then
    pend_all(id, h, lead, live)
    if found then names = ids_elsewhere(names) end
    if names ~= '' then learn(lead, names, 'e') end
  elseif h.state == 'p' then
    send_on_errand(errand, id)
    wait_for(id, names)
    return true
  elseif h.state == 'k' then
    park(id, h, why)
    if lead == '' then wait_for(id, names) end
  elseif h.state == 'x' then
    bury(id, h, lead, why)
  end
  return false
end
