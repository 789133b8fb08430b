#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# sigprof-run of another CPU, which this machine runs as it is, on a program of that
# CPU: $SHARES.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

gives 0 "$RUN" -F 997 -o x.folded "$SHARES" 2 1 truth
grep -q ';run_thread;work;work_' x.folded || fail "x.folded: $(cat x.folded said)"
gives 0 "$RUN" -F 997 -o x.pb.gz "$SHARES" 2 1 truth
gzip -t x.pb.gz || fail 'x.pb.gz is not gzipped'
nothing_left
