; SPDX-License-Identifier: BSD-2-Clause
(define (spin n s)
  (if (= n 0) s (spin (- n 1) (modulo (+ (* s 31) n) 16777216))))

(define (repeat count sum)
  (if (= count 0) sum (repeat (- count 1) (+ sum (spin 100000 0)))))

(display (repeat (string->number (cadr (command-line))) 0))
(newline)
(exit 3)
