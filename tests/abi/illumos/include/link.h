/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_LINK_H
#define ABI_ILLUMOS_INCLUDE_LINK_H

#include <abi/objects.h>

#define PT_SUNW_UNWIND 0x6464e550

struct dl_phdr_info {
    ElfW(Addr) dlpi_addr;
    const char *dlpi_name;
    const ElfW(Phdr) *dlpi_phdr;
    ElfW(Half) dlpi_phnum;
    unsigned long long dlpi_adds;
    unsigned long long dlpi_subs;
};

#endif
