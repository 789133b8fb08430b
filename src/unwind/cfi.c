/* temporary */
#include "unwind/unwind.h"
void sigprof__unwind_cfi(struct unwind_walk *walk) { sigprof__unwind_fp(walk); }
