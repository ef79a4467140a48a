-- ARGV: a process, the number of its call, ms for which all is kept, forms and names kept at the most, then 8 for each form:
-- hook, form (id and kind), title, events, ms since the last of them, ms since 1970 at which the one happened whose
-- questions follow, names as JSON: {<part>.<key>: {n: events that had it, k: {<kind>: values}}}, questions as JSON, or '':
-- {complete: bool, all: [[key, label, type, id], ...]}.
-- relay:forms:<hook> holds for each form JSON: t title, n events, f and l when the first and the last came, x names that
-- were given up, and of its last whole definition c the events up to it, q when it happened; k names. Of each name:
-- n events that had it, s and a the events up to the first and the last of them, f and l when these came, v values, k kinds
-- (number, places of the first and the last among the values, when the first came), d the events up to the last definition
-- that had it, b label, y type, i id of its question.
-- The same call made again changes nothing. Gives 1 where it was made.
local called = 'relay:tallied:' .. ARGV[1]
if redis.call('GET', called) == ARGV[2] then return 0 end
redis.call('SET', called, ARGV[2], 'PX', 3600000)
local keep, most_forms, most_names = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local function room_for_form(key, list)
  while redis.call('ZCARD', list) >= most_forms do
    local oldest = redis.call('ZRANGE', list, 0, 0)[1]
    redis.call('ZREM', list, oldest)
    redis.call('HDEL', key, oldest)
    redis.call('HDEL', key .. ':versions', oldest)
  end
end

local function size_of(names)
  local size = 0
  for _ in pairs(names) do size = size + 1 end
  return size
end

-- A name that is not known yet takes the place of the one that was seen last the longest ago.
local function name_of(form, name, at)
  local one = form.k[name]
  if one then return one end
  if size_of(form.k) >= most_names then
    local oldest
    for other, known in pairs(form.k) do
      if not oldest or known.l < form.k[oldest].l or (known.l == form.k[oldest].l and other < oldest) then oldest = other end
    end
    form.k[oldest] = nil
    form.x = (form.x or 0) + 1
  end
  one = {n = 0, s = 0, a = 0, f = at, l = at, v = 0}
  form.k[name] = one
  return one
end

local function add_values(one, kinds, at)
  local before = one.v
  for _, number in pairs(kinds) do one.v = one.v + number end
  if one.v == before then return end
  one.k = one.k or {}
  for kind, number in pairs(kinds) do
    local known = one.k[kind] or {0, before + 1, 0, at}
    known[1], known[3] = known[1] + number, one.v
    one.k[kind] = known
  end
end

local function define(form, told, at, happened)
  if told.complete then form.c, form.q = form.n, happened end
  for _, question in ipairs(told.all) do
    local one = name_of(form, 'fields.' .. question[1], at)
    one.b, one.y, one.i = question[2], question[3], question[4]
    if told.complete then one.d, one.l = form.n, at end
  end
end

for i = 6, #ARGV, 8 do
  local hook, id, at, happened = ARGV[i], ARGV[i + 1], NOW - tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
  local key = 'relay:forms:' .. hook
  local list = key .. ':last'
  local packed = redis.call('HGET', key, id)
  if not packed then room_for_form(key, list) end
  local form = packed and cjson.decode(packed) or {n = 0, f = at, l = at, k = {}}
  local before = form.n
  form.t, form.n, form.l = ARGV[i + 2], form.n + tonumber(ARGV[i + 3]), math.max(form.l, at)
  for name, seen in pairs(cjson.decode(ARGV[i + 6])) do
    local one = name_of(form, name, at)
    if one.n == 0 then one.s, one.f = before + 1, at end
    one.n, one.a, one.l = one.n + seen.n, form.n, math.max(one.l, at)
    add_values(one, seen.k, at)
  end
  -- A request that its sender sends again much later tells of a form that may have changed since.
  if ARGV[i + 7] ~= '' and happened >= (form.q or 0) then define(form, cjson.decode(ARGV[i + 7]), at, happened) end
  redis.call('HSET', key, id, cjson.encode(form))
  redis.call('ZADD', list, at, id)
  redis.call('PEXPIRE', key, keep)
  redis.call('PEXPIRE', list, keep)
end
return 1
