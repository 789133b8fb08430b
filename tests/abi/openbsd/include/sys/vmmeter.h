/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_VMMETER_H
#define ABI_OPENBSD_INCLUDE_SYS_VMMETER_H

#define VM_PSSTRINGS 3

#endif
