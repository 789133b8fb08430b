-- SPDX-License-Identifier: BSD-2-Clause
-- Three functions spin 50:30:20, each by start -> middle -> a function of C -> it, and
-- the CPU time of each is printed in nanoseconds. hot_c runs in a coroutine.
local spent = {hot_a = 0, hot_b = 0, hot_c = 0}

local function done(name, from)
    spent[name] = spent[name] + os.clock() - from
end

function hot_a(seconds)
    local from = os.clock()
    while os.clock() - from < seconds do for _ = 1, 20000 do end end
    done("hot_a", from)
end

function hot_b(seconds)
    local from = os.clock()
    while os.clock() - from < seconds do for _ = 1, 20000 do end end
    done("hot_b", from)
end

function hot_c(seconds)
    local from = os.clock()
    while os.clock() - from < seconds do for _ = 1, 20000 do end end
    done("hot_c", from)
    coroutine.yield()
end

function middle(hot, seconds)
    if hot == hot_c then
        coroutine.resume(coroutine.create(hot_c), seconds)
    else
        ("x"):gsub(".", function() hot(seconds) end)
    end
end

function start()
    for _ = 1, 10 do
        middle(hot_a, 0.015)
        middle(hot_b, 0.009)
        middle(hot_c, 0.006)
    end
end

start()
for name, seconds in pairs(spent) do
    print(name .. " " .. math.floor(seconds * 1e9))
end
