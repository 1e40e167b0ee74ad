-- Takes calls of a limit, if there are any: so many in any time of the limit's length.
--
-- KEYS: what is known of the key, what is known of this server's life
-- ARGV: calls, per, part, lease, want, back, back_part, run, known     (times in milliseconds)
--
-- Calls are counted by the part of time in which they were given out, and come back when the last moment
-- of that part, and of the lease in which they may be used, is as old as the limit's length.
-- Answers { given, left, how long until there are more, part }; -1 given when what was counted before has
-- been lost, and then for how long it could still matter.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local calls, per, part = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local lease, want, back = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local back_part, run, known = ARGV[7], ARGV[8], ARGV[9]

local function whole(number) return string.format('%.0f', number) end

-- A server that was restarted, emptied or replaced may have forgotten what it gave out. Nobody would know
-- but by this mark, and by what the one who asks knew.
local life = redis.call('GET', KEYS[2])
local lived, lost = nil, 0
if life then
  lived, lost = string.match(life, '^(%S+) (%d+)$')
  lost = tonumber(lost) or now
end
if lived ~= run or (known ~= '' and known ~= run) then
  if life or known ~= '' then lost = now end
  redis.call('SET', KEYS[2], run .. ' ' .. whole(lost))
end
if now - lost < per then return { -1, 0, per - (now - lost), 0 } end

if back > 0 then
  local given = tonumber(redis.call('HGET', KEYS[1], back_part) or '0')
  if given > 0 then redis.call('HINCRBY', KEYS[1], back_part, whole(-math.min(given, back))) end
end

local used, first = 0, nil
local known_parts = redis.call('HGETALL', KEYS[1])
for index = 1, #known_parts, 2 do
  local gone = (tonumber(known_parts[index]) + 1) * part + lease + per
  local given = tonumber(known_parts[index + 1])
  if gone <= now then
    redis.call('HDEL', KEYS[1], known_parts[index])
  elseif given > 0 then
    used = used + given
    if not first or gone < first then first = gone end
  end
end

local here = math.floor(now / part)
local given = math.max(0, math.min(want, calls - used))
if given > 0 then
  redis.call('HINCRBY', KEYS[1], whole(here), whole(given))
  redis.call('PEXPIRE', KEYS[1], whole(part + lease + per))
  first = first or (here + 1) * part + lease + per
end
return { given, math.max(0, calls - used - given), first and first - now or 0, here }
