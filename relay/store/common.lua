-- Shared by every script, which is appended to this text. One clock: Redis's own.
local T = redis.call('TIME')
local NOW = T[1] * 1000 + math.floor(T[2] / 1000)
local HEADER = 320
-- A live lead stands this far ahead of retries and replays that fall due at the same time, and no further, so they never starve.
local HEAD_START = 60000

local function int(n) return string.format('%.0f', n) end
local function event_key(id) return 'relay:e:' .. id end
local function pending_key(lead) return 'relay:p:' .. lead end
local function lead_key(lead) return 'relay:l:' .. lead end
local function clock_key(lead) return 'relay:c:' .. lead end
local function due_key(destination) return 'relay:due:' .. destination end
local function day(ms) return math.floor(ms / 86400000) end

-- A record is "<state> <state of each update> <received> <received - happened> <number> <hook> <nonce>[ <lead>]\n<blob>".
-- The lead stands there where it was found by what the event knows of it; else the blob has it.
local function read_header(text)
  local state, states, received, ago, number, hook, nonce, lead =
    string.match(text, '^(%a) (%a*) (%d+) (%-?%d+) (%d+) (%S+) (%S+) ?(%S*)\n')
  if not state then return nil end
  return {state = state, states = states, received = tonumber(received), ago = tonumber(ago),
          number = number, hook = hook, nonce = nonce, lead = lead}
end

local function header(id) return read_header(redis.call('GETRANGE', event_key(id), 0, HEADER)) end

local function write_record(id, h, blob)
  local top = table.concat({h.state, h.states, int(h.received), int(h.ago), h.number, h.hook, h.nonce}, ' ')
  if h.lead ~= '' then top = top .. ' ' .. h.lead end
  redis.call('SET', event_key(id), top .. '\n' .. blob)
end

local function blob_of(id)
  local record = redis.call('GET', event_key(id))
  return string.sub(record, string.find(record, '\n', 1, true) + 1)
end

local function count(hook, received, what, by)
  return redis.call('HINCRBY', 'relay:n:' .. day(received), hook .. ':' .. what, by)
end

-- What comes to pass, for figures: how often in all, and in this minute. Letters are those of states; a accepted, u duplicate.
local function tally(hook, what, by, word)
  redis.call('HINCRBY', 'relay:total', (word or what) .. ':' .. hook, by)
  local hour = math.floor(NOW / 3600000)
  local key = 'relay:minutes:' .. int(hour)
  if redis.call('HINCRBY', key, math.floor(NOW / 60000) % 60 .. ':' .. what, by) == by then redis.call('EXPIRE', key, 691200) end
end

-- How long after its receipt an event was delivered. The bounds, in ms, are those of store/meters.py.
local BOUNDS = {100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 900000, 3600000, 21600000, 86400000}
local function clock_speed(hook, ms)
  local place = #BOUNDS
  while place > 0 and ms <= BOUNDS[place] do place = place - 1 end
  redis.call('HINCRBY', 'relay:speed', hook .. ':' .. place, 1)
  redis.call('HINCRBY', 'relay:speed', hook .. ':sum', int(ms))
end

-- So many more events of this hook, by the hour: what is usual for it.
local function tally_accepted(hook, by)
  tally(hook, 'a', by, 'accepted')
  redis.call('HSET', 'relay:last', hook, int(NOW))
  local key = 'relay:hours:' .. day(NOW)
  if redis.call('HINCRBY', key, hook .. ':' .. math.floor(NOW / 3600000) % 24, by) == by then redis.call('EXPIRE', key, 3024000) end
end

local function waits(state) return state == 'p' or state == 'k' or state == 'x' end

-- An event is dead when any of its updates is, else in flight while any is, else delivered when any is. Where its lead
-- is not known yet all of its updates are parked, whether or not somebody is looking for the lead.
local function overall(states)
  for _, state in ipairs({'x', 'p', 'd', 's', 'c'}) do
    if string.find(states, state, 1, true) then return state end
  end
end

-- Groups of failures ask to be told when an event that they have on its way has ended.
local arrive

-- Give the event its new state: count it, keep its record while it waits, let it expire when it has ended.
local function enter(id, h, state, retention)
  if state ~= h.state then
    redis.call('SETRANGE', event_key(id), 0, state)
    count(h.hook, h.received, h.state, -1)
    count(h.hook, h.received, state, 1)
    if state ~= 'p' then tally(h.hook, state, 1) end
    if state == 'd' then clock_speed(h.hook, NOW - h.received) end
    h.state = state
  end
  if waits(state) then
    redis.call('PERSIST', event_key(id))
  else
    redis.call('PEXPIRE', event_key(id), retention)
    arrive(id)
  end
end

local function set_place(id, h, place, state)
  redis.call('SETRANGE', event_key(id), 2 + place, state)
  h.states = string.sub(h.states, 1, place) .. state .. string.sub(h.states, place + 2)
end

-- A lead's list ends with its clock; before it stand what was done to it, oldest first.
local function remember(lead, entry, clock, keep, cap)
  local key = clock_key(lead)
  local old = redis.call('RPOP', key)
  if clock == '' then clock = old or '{}' end
  if entry ~= '' then redis.call('RPUSH', key, entry, clock) else redis.call('RPUSH', key, clock) end
  if redis.call('LLEN', key) > cap then redis.call('LTRIM', key, -cap, -1) end
  if redis.call('HEXISTS', 'relay:waiting', lead) == 1 then
    redis.call('PERSIST', key)
  else
    redis.call('PEXPIRE', key, keep)
  end
end

-- Dead and parked events hold their lead's clock; the count says how many do.
local function hold(lead, by)
  if lead ~= '' and redis.call('HINCRBY', 'relay:waiting', lead, by) <= 0 then redis.call('HDEL', 'relay:waiting', lead) end
end

local function member_of(number, place, id)
  return string.format('%014d.%02d:%s', tonumber(number), place, id)
end

local function is_paused(destination) return redis.call('HEXISTS', 'relay:d:' .. destination, 'paused') == 1 end

local awake = {}
local function wake(destination)
  if awake[destination] then return end
  awake[destination] = true
  local key = 'relay:wake:' .. destination
  if redis.call('LLEN', key) == 0 then redis.call('LPUSH', key, 1) end
end

-- Put an update under its lead, and the lead among those that are due. A lease is left as it is. A back-off is that of
-- older updates, so this one goes out after the lead's gap at the latest.
local function pend(destination, lead, member, at, live)
  redis.call('ZADD', pending_key(lead), at, member)
  local due, start = due_key(destination), NOW - (live and HEAD_START or 0)
  if redis.call('ZADD', due, 'NX', start, lead) == 1 then return end
  local score = tonumber(redis.call('ZSCORE', due, lead))
  if score > NOW then
    local gap = string.match(redis.call('GET', lead_key(lead)) or '', '^0\n(%d+)\n')
    if gap and score > NOW + gap then redis.call('ZADD', due, int(NOW + gap), lead) end
  elseif live and score > start then
    redis.call('ZADD', due, start, lead)
  end
end

-- What an answer says of the whole far side: ``verdict`` is 'answered', 'failed', 'denied', a number of ms to wait, or ''.
local function judge_gate(gate, verdict, words)
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
end
