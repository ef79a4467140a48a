-- ARGV: destination, names. Gives for each name its leads.
local found = {}
for at = 1, #ARGV[2], NAME do
  local leads = leads_of(string.sub(ARGV[2], at + 1, at + NAME - 1))
  for i, raw in ipairs(leads) do leads[i] = named(ARGV[1], raw) end
  found[#found + 1] = leads
end
return found
