// SPDX-License-Identifier: BSD-2-Clause
// Three functions that share the CPU time 50:30:20, by the process's own CPU clock.
'use strict';

function hot_a(n) {
  let s = 0;
  for (let i = 0; i < n; i++)
    s = (s * 31 + i) | 0;
  return s;
}

function hot_b(n) {
  let s = 0;
  for (let i = 0; i < n; i++)
    s = (s * 31 + i) | 0;
  return s;
}

function hot_c(n) {
  let s = 0;
  for (let i = 0; i < n; i++)
    s = (s * 31 + i) | 0;
  return s;
}

function cpu() {
  const used = process.cpuUsage();
  return used.user + used.system;
}

function driver(seconds) {
  const hot = [hot_a, hot_b, hot_c], share = [0.5, 0.3, 0.2], used = [0, 0, 0];
  const end = cpu() + seconds * 1e6;
  for (let before = cpu(); before < end;) {
    let next = 0;
    for (let i = 1; i < 3; i++)
      if (used[i] / share[i] < used[next] / share[next])
        next = i;
    hot[next](1000000);
    const now = cpu();
    used[next] += now - before;
    before = now;
  }
}

const { Worker, isMainThread } = require('worker_threads');

if (process.argv[3] !== 'worker')
  driver(Number(process.argv[2]));
else if (isMainThread)
  new Worker(__filename, { argv: process.argv.slice(2) });
else
  driver(Number(process.argv[2]));
console.log('done');
