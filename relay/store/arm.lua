-- ARGV: destination, slots, leads for one drain, ms for which an armed drain may stay silent, name of the new drain.
-- Gives the slot that was armed and is to be served by a new drain, or -1 when what is due is in good hands.
local destination, name = ARGV[1], ARGV[5]
local due = redis.call('ZCOUNT', due_key(destination), '-inf', int(NOW))
if due == 0 or is_paused(destination) then return -1 end
local slots = math.min(tonumber(ARGV[2]), math.ceil(due / tonumber(ARGV[3])))
for slot = 0, slots - 1 do
  local key = 'relay:armed:' .. destination .. ':' .. slot
  if redis.call('SET', key, name, 'NX', 'PX', ARGV[4]) then return slot end
end
return -1
