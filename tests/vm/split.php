<?php
// SPDX-License-Identifier: BSD-2-Clause
// Three functions that share the CPU time 50:30:20, by the process's own CPU clock.
function hot_a($n) {
    for ($s = 0, $i = 0; $i < $n; $i++)
        $s = ($s * 31 + $i) & 0xffffff;
    return $s;
}

function hot_b($n) {
    for ($s = 0, $i = 0; $i < $n; $i++)
        $s = ($s * 31 + $i) & 0xffffff;
    return $s;
}

function hot_c($n) {
    for ($s = 0, $i = 0; $i < $n; $i++)
        $s = ($s * 31 + $i) & 0xffffff;
    return $s;
}

function cpu() {
    $used = getrusage();
    return $used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec'] +
        ($used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec']) * 1e-6;
}

function driver($seconds) {
    $hot = ['hot_a', 'hot_b', 'hot_c'];
    $share = [0.5, 0.3, 0.2];
    $used = [0, 0, 0];
    $before = cpu();
    $end = $before + $seconds;
    while ($before < $end) {
        $next = 0;
        for ($i = 1; $i < 3; $i++)
            if ($used[$i] / $share[$i] < $used[$next] / $share[$next])
                $next = $i;
        $hot[$next](1000000);
        $now = cpu();
        $used[$next] += $now - $before;
        $before = $now;
    }
}

driver((float)$argv[1]);
echo "done\n";
