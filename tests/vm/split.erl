%% SPDX-License-Identifier: BSD-2-Clause
%% Three functions that share the CPU time 50:30:20, by the CPU clock of the machine.
-module(split).
-export([main/1]).

hot_a(0, S) -> S;
hot_a(N, S) -> hot_a(N - 1, (S * 31 + N) band 16#ffffff).

hot_b(0, S) -> S;
hot_b(N, S) -> hot_b(N - 1, (S * 31 + N) band 16#ffffff).

hot_c(0, S) -> S;
hot_c(N, S) -> hot_c(N - 1, (S * 31 + N) band 16#ffffff).

cpu() -> {Total, _} = statistics(runtime), Total.

hot(1, N) -> hot_a(N, 0) + 1;
hot(2, N) -> hot_b(N, 0) + 1;
hot(3, N) -> hot_c(N, 0) + 1.

driver(Used, Before, End) when Before < End ->
    {_, Next} = lists:min([{U / Share, I} ||
                              {I, U, Share} <- lists:zip3([1, 2, 3], Used, [5, 3, 2])]),
    hot(Next, 2000000),
    Now = cpu(),
    {Left, [U | Right]} = lists:split(Next - 1, Used),
    driver(Left ++ [U + Now - Before | Right], Now, End);
driver(_, _, _) ->
    ok.

main([Seconds]) ->
    Start = cpu(),
    driver([0, 0, 0], Start, Start + list_to_float(Seconds) * 1000),
    io:format("done~n"),
    halt(0).
