// SPDX-License-Identifier: BSD-2-Clause
// Three functions share the time 50:30:20, and say in nanoseconds what each had.
// usage: split.js MILLISECONDS; 0: for ever, with a line a round
"use strict";

function hot_a(turns) {
  let x = 1;
  for (let i = 0; i < turns; i++) x = (x * 1103515 + 12345) & 0xfffffff;
  return x;
}
function hot_b(turns) {
  let x = 2;
  for (let i = 0; i < turns; i++) x = (x * 1103515 + 12345) & 0xfffffff;
  return x;
}
function hot_c(turns) {
  let x = 3;
  for (let i = 0; i < turns; i++) x = (x * 1103515 + 12345) & 0xfffffff;
  return x;
}

const parts = [[hot_a, 5], [hot_b, 3], [hot_c, 2]];
const spent = [0, 0, 0];
let sum = 0;

function cpu() {
  const used = process.cpuUsage();
  return used.user + used.system;
}

function slice(part, microseconds) {
  const from = cpu();
  let now = from;
  while (now - from < microseconds) {
    sum ^= parts[part][0](100000);
    now = cpu();
  }
  spent[part] += now - from;
}

const milliseconds = Number(process.argv[2]);
for (let round = 0; milliseconds === 0 || round < milliseconds / 20; round++) {
  for (let part = 0; part < 3; part++) slice(part, parts[part][1] * 2000);
  if (milliseconds === 0) require("fs").writeSync(1, "round\n");
}
spent.forEach((us, part) => console.log(parts[part][0].name, us * 1000));
