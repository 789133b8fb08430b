<?php
// SPDX-License-Identifier: BSD-2-Clause
// As split.js.
function hot_a($turns) {
    for ($i = 0, $x = 1; $i < $turns; $i++) $x = ($x * 1103515245 + 12345) & 0x7fffffff;
    return $x;
}
function hot_b($turns) {
    for ($i = 0, $x = 2; $i < $turns; $i++) $x = ($x * 1103515245 + 12345) & 0x7fffffff;
    return $x;
}
function hot_c($turns) {
    for ($i = 0, $x = 3; $i < $turns; $i++) $x = ($x * 1103515245 + 12345) & 0x7fffffff;
    return $x;
}

function cpu() {
    $used = getrusage();
    return ($used["ru_utime.tv_sec"] + $used["ru_stime.tv_sec"]) * 1000000
        + $used["ru_utime.tv_usec"] + $used["ru_stime.tv_usec"];
}

$parts = ["hot_a" => 5, "hot_b" => 3, "hot_c" => 2];
$spent = ["hot_a" => 0, "hot_b" => 0, "hot_c" => 0];
for ($round = 0; $round < $argv[1] / 20; $round++) {
    foreach ($parts as $name => $tenths) {
        $from = $now = cpu();
        while ($now - $from < $tenths * 2000) {
            if ($name == "hot_a") hot_a(100000);
            elseif ($name == "hot_b") hot_b(100000);
            else hot_c(100000);
            $now = cpu();
        }
        $spent[$name] += $now - $from;
    }
}
foreach ($spent as $name => $us) echo $name, " ", $us * 1000, "\n";
