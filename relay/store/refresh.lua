-- ARGV: destination, slot, name of the drain, ms, what: 'keep', 'leave'.
-- Gives 1 while the slot is this drain's. Leaving is refused (2) while something is due and may be delivered.
local key = 'relay:armed:' .. ARGV[1] .. ':' .. ARGV[2]
if redis.call('GET', key) ~= ARGV[3] then return 0 end
if ARGV[5] == 'leave' then
  if redis.call('ZCOUNT', due_key(ARGV[1]), '-inf', int(NOW)) > 0 and not is_paused(ARGV[1]) then return 2 end
  redis.call('DEL', key)
else
  redis.call('PEXPIRE', key, ARGV[4])
end
return 1
