-- SPDX-License-Identifier: BSD-2-Clause
local function spin(n)
    local s = 0
    for i = 1, n do
        s = (s * 31 + i) % 16777216
    end
    return s
end

local sum, count = 0, tonumber(arg[1])
for _ = 1, count do
    sum = sum + spin(100000)
end
print(sum)
os.exit(3)
