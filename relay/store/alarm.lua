-- ARGV: nonce of the call, looks after which an alarm begins or ends, '1' where somebody is to be told, messages kept,
-- then 4 for each thing that needs a person: name, about, words, '1' where it may begin an alarm, '' where it only keeps one going.
-- relay:alarms holds for each name JSON: about, words, began (ms; 0 while it settles), looks in which it was seen, or gone.
-- Gives what began and ended, each as JSON; the same again for the same nonce.
local nonce, looks, told, kept = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4])
local last = redis.call('GET', 'relay:alarm-last') or ''
local changes = {}
if string.sub(last, 1, #nonce + 1) == nonce .. '\n' then
  for line in string.gmatch(string.sub(last, #nonce + 2), '[^\n]+') do changes[#changes + 1] = line end
  return changes
end

local function change(name, one, state)
  local text = cjson.encode({id = int(NOW) .. ':' .. state .. ':' .. name, alarm = name, state = state, about = one.about,
                             words = one.words, at = NOW, began = one.began})
  changes[#changes + 1] = text
  if told then
    redis.call('RPUSH', 'relay:alarm-out', text)
    redis.call('LTRIM', 'relay:alarm-out', -kept, -1)
  end
end

local flat, known, order = redis.call('HGETALL', 'relay:alarms'), {}, {}
for i = 1, #flat, 2 do
  known[flat[i]] = cjson.decode(flat[i + 1])
  order[#order + 1] = flat[i]
end

local held = {}
for i = 5, #ARGV, 4 do
  local name, begins = ARGV[i], ARGV[i + 3] == '1'
  local one = known[name] or {began = 0, seen = 0}
  one.about, one.words, one.gone, one.seen = ARGV[i + 1], ARGV[i + 2], 0, one.seen + 1
  if one.began == 0 and begins and one.seen >= looks then
    one.began = NOW
    change(name, one, 'began')
  end
  if one.began > 0 or begins then
    held[name] = true
    redis.call('HSET', 'relay:alarms', name, cjson.encode(one))
  end
end

for _, name in ipairs(order) do
  local one = known[name]
  if not held[name] then
    one.gone = one.gone + 1
    if one.began > 0 and one.gone >= looks then change(name, one, 'ended') end
    if one.began == 0 or one.gone >= looks then
      redis.call('HDEL', 'relay:alarms', name)
    else
      redis.call('HSET', 'relay:alarms', name, cjson.encode(one))
    end
  end
end
redis.call('SET', 'relay:alarm-last', nonce .. '\n' .. table.concat(changes, '\n'), 'PX', 60000)
return changes
