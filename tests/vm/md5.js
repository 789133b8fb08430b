// SPDX-License-Identifier: BSD-2-Clause
// MD5 sums in a loop: JavaScript, C++, OpenSSL and malloc in one stack.
'use strict';
const crypto = require('crypto');

function hash_small(text) {
  return crypto.createHash('md5').update(text).digest('hex');
}

function hash_list(texts) {
  let sum = 0;
  for (const text of texts)
    sum += hash_small(text).charCodeAt(0);
  return sum;
}

function main_loop(count) {
  const texts = ['a', 'bc', 'def', 'ghij'];
  let sum = 0;
  for (let i = 0; i < count; i++)
    sum += hash_list(texts);
  return sum;
}

console.log(main_loop(Number(process.argv[2])));
