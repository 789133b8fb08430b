# SPDX-License-Identifier: BSD-2-Clause
def spin(n)
  s = 0
  n.times { |i| s = (s * 31 + i) & 0xffffff }
  s
end

puts (1..ARGV[0].to_i).sum { spin(100000) }
exit 3
