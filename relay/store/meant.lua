-- A person says of a change of a form that it is meant. ARGV: hook, the change, note of who, when and why, act for the
-- list of acts, ms for which it is kept. Gives 1 where nobody has said so before; then the act is noted.
local key = 'relay:forms:' .. ARGV[1] .. ':meant'
local changed = redis.call('HSETNX', key, ARGV[2], ARGV[3])
if changed == 1 then
  note_act(ARGV[4])
  redis.call('PEXPIRE', key, ARGV[5])
end
return changed
