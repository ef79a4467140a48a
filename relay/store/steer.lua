-- What a person does to steer deliveries. ARGV: verb, hook or destination, note of who did it, when and why, act for the
-- list of acts, the rate where the verb is 'slow'. Gives 1 where something has changed by it, which then is noted.
local verb, about, note, act = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local gate = 'relay:d:' .. about
local changed = false
if verb == 'pause hook' then
  changed = redis.call('HDEL', RESUMING, about) == 1 or redis.call('HEXISTS', PAUSED, about) == 0
  if changed then redis.call('HSET', PAUSED, about, note) end
elseif verb == 'resume hook' then
  changed = redis.call('HEXISTS', PAUSED, about) == 1 and redis.call('HSETNX', RESUMING, about, note) == 1
elseif verb == 'pause destination' then
  changed = redis.call('HSETNX', gate, 'paused', note) == 1
elseif verb == 'resume destination' then
  changed = redis.call('HDEL', gate, 'paused') == 1
elseif verb == 'slow' and ARGV[5] == '' then
  changed = redis.call('HDEL', gate, 'rate', 'rated') > 0
elseif verb == 'slow' then
  changed = redis.call('HGET', gate, 'rated') ~= note
  redis.call('HSET', gate, 'rate', ARGV[5], 'rated', note)
elseif verb == 'probe' then
  changed = redis.call('HDEL', gate, 'slow') == 1
  if redis.call('HEXISTS', gate, 'held') + redis.call('HEXISTS', gate, 'open') > 0 then
    redis.call('HSET', gate, 'probe', int(NOW))
    changed = true
  end
end
if changed then
  note_act(act)
  if string.sub(verb, -4) ~= 'hook' then wake(about) end
end
return changed and 1 or 0
