-- Failures that look alike stand in one group: what it is ('x' dead, 'k' parked, 'f' a value held back), hook, kind, field and gist.
-- A group is open while an event of it fails.
local CLOSED_KEPT = 2592000000

local function group_key(gid) return 'relay:group:' .. gid end
local function members_key(gid) return 'relay:in:' .. gid end

local function leave_group(id)
  local gid = redis.call('HGET', 'relay:grouped', id)
  if not gid then return end
  redis.call('HDEL', 'relay:grouped', id)
  redis.call('ZREM', members_key(gid), id)
  if redis.call('EXISTS', members_key(gid)) == 1 then return end
  redis.call('ZREM', 'relay:open', gid)
  redis.call('ZADD', 'relay:closed', NOW, gid)
  redis.call('HDEL', group_key(gid), 'acked')
  redis.call('PEXPIRE', group_key(gid), CLOSED_KEPT)
  redis.call('ZREMRANGEBYSCORE', 'relay:closed', '-inf', int(NOW - CLOSED_KEPT))
end

local function join_group(id, hook, what, why)
  local told = cjson.decode(why)
  local about = {what, hook, told[1], told[6] or '', told[7] or told[2]}
  local gid = string.sub(redis.sha1hex(table.concat(about, '\0')), 1, 16)
  local old = redis.call('HGET', 'relay:grouped', id)
  if old == gid then return end
  if old then leave_group(id) end
  redis.call('HSET', 'relay:grouped', id, gid)
  redis.call('ZADD', members_key(gid), int(NOW), id)
  if redis.call('ZADD', 'relay:open', NOW, gid) == 1 then
    about[6] = told[3] or 0
    redis.call('HSET', group_key(gid), 'about', cjson.encode(about), 'since', int(NOW))
    redis.call('HINCRBY', group_key(gid), 'times', 1)
    redis.call('PERSIST', group_key(gid))
    redis.call('ZREM', 'relay:closed', gid)
  end
end

-- Put an event into the group where it belongs as it stands now, if into any.
local function regroup(id, h)
  local failed = h.state == 'x' or h.state == 'k'
  local why = redis.call('HGET', failed and 'relay:why' or 'relay:faults', id)
  if why and why ~= '' then join_group(id, h.hook, failed and h.state or 'f', why) else leave_group(id) end
end

local function bury(id, h, lead, why)
  if redis.call('ZADD', 'relay:dead', 'NX', NOW, id) == 1 then hold(lead, 1) end
  redis.call('HSET', 'relay:why', id, why)
  regroup(id, h)
end

-- It went on without some value that could not be used; ``fault`` says which, as a reason does.
local function note_fault(id, fault, retention)
  redis.call('ZADD', 'relay:faulty', NOW, id)
  redis.call('HSET', 'relay:faults', id, fault)
  local old = redis.call('ZRANGEBYSCORE', 'relay:faulty', '-inf', int(NOW - retention), 'LIMIT', 0, 20)
  for _, one in ipairs(old) do
    redis.call('ZREM', 'relay:faulty', one)
    redis.call('HDEL', 'relay:faults', one)
    local h = header(one)
    if h then regroup(one, h) else leave_group(one) end
  end
end

local function forget_fault(id)
  redis.call('ZREM', 'relay:faulty', id)
  redis.call('HDEL', 'relay:faults', id)
end
