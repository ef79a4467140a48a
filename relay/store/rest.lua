-- ARGV: queue, id or '', rest ms, what was tried, verdict of the gate, its words. An errand is to be run again later;
-- without an id only the gate hears of it.
if ARGV[2] ~= '' and redis.call('ZADD', errands_key(ARGV[1]), 'XX', 'CH', int(NOW + tonumber(ARGV[3])), ARGV[2]) == 1 then
  redis.call('HSET', 'relay:errand', ARGV[2], ARGV[4])
end
judge_gate('relay:g:' .. ARGV[1], ARGV[5], ARGV[6])
return 1
