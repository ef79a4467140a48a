-- Failures that look alike stand in one group: what it is ('x' dead, 'k' parked, 'f' a value held back), hook, kind, field and gist.
-- A group is open while an event of it fails, or is on its way once more: then it is known only later whether that helped.
local CLOSED_KEPT = 2592000000

local function group_key(gid) return 'relay:group:' .. gid end
local function members_key(gid) return 'relay:in:' .. gid end
local function outgoing_key(gid) return 'relay:out:' .. gid end

local function close_if_empty(gid)
  if redis.call('EXISTS', members_key(gid), outgoing_key(gid)) > 0 then return end
  redis.call('ZREM', 'relay:open', gid)
  redis.call('ZADD', 'relay:closed', NOW, gid)
  redis.call('HDEL', group_key(gid), 'acked')
  redis.call('PEXPIRE', group_key(gid), CLOSED_KEPT)
  redis.call('ZREMRANGEBYSCORE', 'relay:closed', '-inf', int(NOW - CLOSED_KEPT))
end

-- An event that was on its way has arrived, or has failed again.
function arrive(id)
  local gid = redis.call('HGET', 'relay:outgoing', id)
  if not gid then return end
  redis.call('HDEL', 'relay:outgoing', id)
  redis.call('ZREM', outgoing_key(gid), id)
  close_if_empty(gid)
end

-- Its group has it on its way, under the time at which it failed.
local function set_out(id, gid, failed_at)
  arrive(id)
  redis.call('HSET', 'relay:outgoing', id, gid)
  redis.call('ZADD', outgoing_key(gid), failed_at, id)
end

local function leave_group(id, on_its_way)
  local gid = redis.call('HGET', 'relay:grouped', id)
  if not gid then return end
  if on_its_way then set_out(id, gid, redis.call('ZSCORE', members_key(gid), id) or int(NOW)) end
  redis.call('HDEL', 'relay:grouped', id)
  redis.call('ZREM', members_key(gid), id)
  close_if_empty(gid)
end

local function join_group(id, h, what, why)
  local told = cjson.decode(why)
  local about = {what, h.hook, told[1], told[6] or '', told[7] or told[2]}
  local gid = string.sub(redis.sha1hex(table.concat(about, '\0')), 1, 16)
  local old = redis.call('HGET', 'relay:grouped', id)
  if old == gid then return end
  if old then leave_group(id, h.state == 'p') end
  redis.call('HSET', 'relay:grouped', id, gid)
  local back = redis.call('EXISTS', members_key(gid)) == 0
  redis.call('ZADD', members_key(gid), int(NOW), id)
  if back then
    -- Whoever has seen it thought that it would be over.
    redis.call('HDEL', group_key(gid), 'acked')
    redis.call('HINCRBY', group_key(gid), 'times', 1)
  end
  if redis.call('ZADD', 'relay:open', 'NX', NOW, gid) == 1 then
    about[6] = told[3] or 0
    redis.call('HSET', group_key(gid), 'about', cjson.encode(about), 'since', int(NOW))
    redis.call('PERSIST', group_key(gid))
    redis.call('ZREM', 'relay:closed', gid)
  end
  -- It stands in its new group before it is taken off the old one's way: the same group does not close in between.
  if what ~= 'f' then arrive(id) end
end

-- Put an event into the group where it belongs as it stands now, if into any.
local function regroup(id, h)
  local failed = h.state == 'x' or h.state == 'k'
  local why = redis.call('HGET', failed and 'relay:why' or 'relay:faults', id)
  if why and why ~= '' then join_group(id, h, failed and h.state or 'f', why) else leave_group(id, h.state == 'p') end
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
