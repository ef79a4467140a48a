-- What events are found by. A bucket of a day holds, under a part of a keyed hash, the ids of the events that have it.
-- A term is a letter ('t', or 'f' for one that many events share), three letters for its bucket, and six bytes.
local TERM = 10
-- An id is base32 of twelve bytes, and kept as these.
local RAW = 12
local MOST_OF_A_DAY = 64 * RAW
local MOST_OF_ALL = 1000

local function bits(b) return b >= 97 and b - 97 or b - 24 end

local raw_last, raw_of_last
local function raw_id(id)
  if id == raw_last then return raw_of_last end
  local b1, b2, b3, b4, b5, b6, b7, b8, c1, c2, c3, c4, c5, c6, c7, c8, d1, d2, d3, d4 = string.byte(id, 1, 20)
  local first = ((((((bits(b1) * 32 + bits(b2)) * 32 + bits(b3)) * 32 + bits(b4)) * 32 + bits(b5)) * 32 + bits(b6)) * 32 + bits(b7)) * 32 + bits(b8)
  local second = ((((((bits(c1) * 32 + bits(c2)) * 32 + bits(c3)) * 32 + bits(c4)) * 32 + bits(c5)) * 32 + bits(c6)) * 32 + bits(c7)) * 32 + bits(c8)
  -- Of the last twenty bits four are none of the id's.
  local third = (((bits(d1) * 32 + bits(d2)) * 32 + bits(d3)) * 32 + bits(d4)) / 16
  raw_last, raw_of_last = id, struct.pack('>I5I5I2', first, second, third)
  return raw_of_last
end

local kept_ms
local function keep_ms()
  kept_ms = kept_ms or redis.call('GET', 'relay:keep') or '2764800000'
  return kept_ms
end

local function file_under(key, field, raw)
  -- Mostly it is the first of its day.
  if redis.call('HSETNX', key, field, raw) == 1 then
    if redis.call('HLEN', key) == 1 then redis.call('PEXPIRE', key, keep_ms()) end
    return
  end
  local old = redis.call('HGET', key, field)
  if not string.find(old, raw, 1, true) then
    redis.call('HSET', key, field, (#old < MOST_OF_A_DAY and old or string.sub(old, RAW + 1)) .. raw)
  end
end

local function bucket_of(received, letters) return 'relay:t:' .. day(received) .. ':' .. letters end

local function file_terms(id, received, terms)
  if terms == '' then return end
  local raw = raw_id(id)
  for at = 1, #terms, TERM do
    local letters, field = string.sub(terms, at + 1, at + 3), string.sub(terms, at + 4, at + TERM - 1)
    if string.sub(terms, at, at) == 'f' then
      local key = 'relay:tf:' .. letters .. field
      if redis.call('RPUSH', key, raw) > 2 * MOST_OF_ALL then redis.call('LTRIM', key, -MOST_OF_ALL, -1) end
      redis.call('PEXPIRE', key, keep_ms())
    else
      file_under(bucket_of(received, letters), field, raw)
    end
  end
end

-- An event is found by its lead, too: under twelve letters of the lead's id, which is no person's, as it stands.
local function file_lead(id, received, lead)
  local high, low = tonumber(string.sub(lead, -36, -29), 16) or 0, tonumber(string.sub(lead, -9, -4), 16) or 0
  file_under(bucket_of(received, string.sub(lead, -3)), struct.pack('>I4I3', high, low), raw_id(id))
end
