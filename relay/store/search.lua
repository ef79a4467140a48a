-- What events are found by. A bucket of a day holds, under a part of a keyed hash, the ids of the events that have it.
-- A term is a letter ('t', or 'f' for one that many events share), three letters for its bucket, and six bytes.
local TERM = 10
-- An id is base32 of twelve bytes, and kept as these.
local RAW = 12
local MOST_OF_A_DAY = 64 * RAW
local MOST_OF_ALL = 1000

local function raw_id(id)
  local out = {}
  for at = 1, 17, 8 do
    local n = 0
    for place = at, at + 7 do
      local b = string.byte(id, place) or 97
      n = n * 32 + (b >= 97 and b - 97 or b - 24)
    end
    out[#out + 1] = struct.pack('>I5', n)
  end
  return string.sub(table.concat(out), 1, RAW)
end

local function keep_ms() return redis.call('GET', 'relay:keep') or '2764800000' end

local function file_under(key, field, raw)
  local old = redis.call('HGET', key, field)
  if not old then
    redis.call('HSET', key, field, raw)
    if redis.call('HLEN', key) == 1 then redis.call('PEXPIRE', key, keep_ms()) end
  elseif not string.find(old, raw, 1, true) then
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
      redis.call('RPUSH', key, raw)
      redis.call('LTRIM', key, -MOST_OF_ALL, -1)
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
