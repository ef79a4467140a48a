-- ARGV: name of a job, ms for which it may be silent, '' (to start it where it is wanted), 'keep' or 'leave'.
-- Gives 1 where the place of the one job that runs errands is its own.
local key = 'relay:armed-errands'
if ARGV[3] == '' then
  local wanted = redis.call('HLEN', 'relay:releases') > 0 or redis.call('HLEN', RESUMING) > 0 or redis.call('ZCOUNT', 'relay:replays:todo', '-inf', int(NOW)) > 0
  for _, queue in ipairs(wanted and {} or redis.call('SMEMBERS', 'relay:errands')) do
    wanted = wanted or (not kept_waiting(queue) and redis.call('ZCOUNT', errands_key(queue), '-inf', int(NOW)) > 0)
  end
  return wanted and redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
end
if redis.call('GET', key) ~= ARGV[1] then return 0 end
if ARGV[3] == 'keep' then redis.call('PEXPIRE', key, ARGV[2]) else redis.call('DEL', key) end
return 1
