-- ARGV: the five of claim; then for each completion the number of its arguments, and these.
-- Gives for each completion 1 or 0, then the claims, or nothing where no room was asked for.
local answers, base = {}, 5
while base < #ARGV do
  local last = base + 1 + tonumber(ARGV[base + 1])
  answers[#answers + 1] = complete(base + 1, last)
  base = last
end
return {answers, tonumber(ARGV[2]) > 0 and claim()}
