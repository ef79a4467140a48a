-- Events of paused hooks stand on a shelf instead of under their leads, in the order of their stamps. Stands before each
-- script. A place on a shelf is "<number>:<event>:<lead>": the event's own record need not say its lead in readable form.
local PAUSED, RESUMING = 'relay:paused', 'relay:resuming'

local function shelf_key(hook) return 'relay:shelf:' .. hook end

local function shelve(id, h, lead)
  redis.call('ZADD', shelf_key(h.hook), int(h.received - h.ago), string.format('%014d:%s:%s', tonumber(h.number), id, lead))
end

-- Hooks of which nothing may be delivered now, or nil where there is none. What is being resumed may.
local function kept_back()
  if redis.call('HLEN', PAUSED) == 0 then return nil end
  local hooks = {}
  for _, hook in ipairs(redis.call('HKEYS', PAUSED)) do hooks[hook] = true end
  for _, hook in ipairs(redis.call('HKEYS', RESUMING)) do hooks[hook] = nil end
  return next(hooks) and hooks
end

-- Move an event that waits under this lead to the shelf, with all of its updates, if its hook is one of these.
local function take_off(lead, id, record, hooks)
  local h = record and read_header(record)
  if not (h and hooks[h.hook]) then return false end
  for place = 0, #h.states - 1 do redis.call('ZREM', pending_key(lead), member_of(h.number, place, id)) end
  shelve(id, h, lead)
  return true
end

-- The same script run twice by the client notes an act once.
local function note_act(act)
  if act == '' or redis.call('LINDEX', 'relay:acts', 0) == act then return end
  redis.call('LPUSH', 'relay:acts', act)
  redis.call('LTRIM', 'relay:acts', 0, 9999)
end
