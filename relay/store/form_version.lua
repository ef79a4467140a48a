-- ARGV: hook, form (id and kind), version, ms since 1970 from which it holds, '1' while it is still being learnt, its names
-- as JSON, versions kept at the most, ms for which they are kept.
-- relay:forms:<hook>:versions holds for each form a JSON list, the last version last: v version, f and l from when and until
-- when it was seen, g whether it is still being learnt, k its names, which stand there as text.
-- One that is still being learnt becomes the next one where that only has more. Gives 1 where a version was put down.
local key, id, version = 'relay:forms:' .. ARGV[1] .. ':versions', ARGV[2], ARGV[3]
if redis.call('HEXISTS', 'relay:forms:' .. ARGV[1], id) == 0 then return 0 end
local packed = redis.call('HGET', key, id)
local all = packed and cjson.decode(packed) or {}
local last = all[#all]
local new = not last or last.v ~= version

local function has_all_of(other)
  local names = {}
  for _, one in ipairs(cjson.decode(ARGV[6])) do names[one[1] .. '.' .. one[2]] = true end
  for _, one in ipairs(cjson.decode(other.k)) do
    if not names[one[1] .. '.' .. one[2]] then return false end
  end
  return true
end

if new and last and last.g and has_all_of(last) then
  last.v, last.k = version, ARGV[6]
elseif new then
  -- It holds from no earlier than the one before it was seen first.
  all[#all + 1] = {v = version, f = math.max(tonumber(ARGV[4]), last and last.f or 0), k = ARGV[6]}
  if #all > tonumber(ARGV[7]) then table.remove(all, 1) end
end
last = all[#all]
last.l, last.g = NOW, ARGV[5] == '1' or nil
redis.call('HSET', key, id, cjson.encode(all))
redis.call('PEXPIRE', key, ARGV[8])
return new and 1 or 0
