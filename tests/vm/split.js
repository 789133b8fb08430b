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

// The same as WebAssembly, whose code a signal's handler may not read.
function webAssembly() {
  const text = (string) => [string.length, ...Buffer.from(string)];
  const part = (id, bytes) => [id, bytes.length, ...bytes];
  const names = ['hot_a', 'hot_b', 'hot_c'];
  const body = [1, 1, 0x7f,                     // a local i32, s
                3, 0x40,                        // loop
                0x20, 1, 0x41, 31, 0x6c,        //   s * 31
                0x20, 0, 0x6a, 0x21, 1,         //   s = that + n
                0x20, 0, 0x41, 1, 0x6b,         //   n - 1
                0x22, 0, 0x0d, 0, 0x0b,         //   n = that; again, if it is not 0
                0x20, 1, 0x0b];                 // s
  const module = new WebAssembly.Module(new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...part(1, [1, 0x60, 1, 0x7f, 1, 0x7f]),    // a type: i32 to i32
    ...part(3, [3, 0, 0, 0]),                   // three functions of it,
    ...part(7, [3, ...names.flatMap((name, i) => [...text(name), 0, i])]), // exported
    ...part(10, [3, ...names.flatMap(() => [body.length, ...body])]),
    ...part(0, [...text('name'),
                ...part(1, [3, ...names.flatMap((name, i) => [i, ...text(name)])])]),
  ]));
  const { exports } = new WebAssembly.Instance(module);
  return names.map((name) => exports[name]);
}

function cpu() {
  const used = process.cpuUsage();
  return used.user + used.system;
}

function driver(seconds) {
  const hot = process.argv[3] === 'wasm' ? webAssembly() : [hot_a, hot_b, hot_c];
  const share = [0.5, 0.3, 0.2], used = [0, 0, 0];
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
