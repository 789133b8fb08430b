# SPDX-License-Identifier: BSD-2-Clause
# A comparison needs two sides: without a base nothing is written.
. "$SOURCE/lib.sh"
{ header; echo reset; echo 'sample 4242 1000 1 0 0 0x400100'; echo 'end 1'; } | profile a.sigprof
mkdir empty
echo 'no profile' >text

for base in nofile text empty; do
    fold 1 --diff=$base a.sigprof
    prints ''
    says "diff=$base: no profile could be read"
    fold 1 --diff=$base -o nd.html a.sigprof
    [ ! -e nd.html ] || fail "nd.html was written without the base $base"
done
fold 1 --diff=a.sigprof nofile
prints ''
fold 0 --diff=a.sigprof a.sigprof
silent
prints 'prog;prog+0x100 1 1'

# Two programs stand under two names.
{ header | sed 's/^info comm .*/info comm other/'; echo reset
  echo 'sample 4242 1000 1 0 0 0x400100'; echo 'end 1'; } | profile other.sigprof
fold 0 --diff=a.sigprof other.sigprof
says 'programs of other names'
fold 0 --root none --diff=a.sigprof other.sigprof
silent

# What does not count the same is said.
{ header | another 2 | sed 's/^info period_ns .*/info period_ns 1000000/'; echo reset
  echo 'sample 4242 1000 1 0 0 0x400100'; echo 'end 1'; } | profile fast.sigprof
{ header; echo 'info clock wall'; echo reset
  echo 'sample 4242 1000 1 0 0 0x400100'; echo 'end 1'; } | profile wall.sigprof
fold 0 --diff=a.sigprof fast.sigprof
says 'of different rates, 1000 and 100 Hz'
fold 0 a.sigprof fast.sigprof
says 'of different rates'
fold 0 --weight cpu --diff=a.sigprof fast.sigprof
silent
fold 0 --weight cpu --diff=a.sigprof wall.sigprof
says 'some of these profiles are of elapsed time'
finish
