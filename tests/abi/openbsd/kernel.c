/* SPDX-License-Identifier: BSD-2-Clause */
/* What OpenBSD's kernel and C library have of their own. */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int PLAYED(getthrid)(void);
int PLAYED(thrkill)(int tid, int number, void *block);
int PLAYED(pselect)(int count, void *in, void *out, void *bad, const void *time,
                    const void *mask);
int PLAYED(pthread_stackseg_np)(void *thread, void *stack);

int PLAYED(getthrid)(void)
{
    return own_thread();
}

int PLAYED(thrkill)(int tid, int number, void *block)
{
    return block ? -1 : signal_thread(tid, number);
}

/* What it calls the stack's address is its end. */
int PLAYED(pthread_stackseg_np)(void *thread, void *stack)
{
    void *low;
    size_t size;
    int error = (pthread_t)thread == pthread_self() ? stack_here(&low, &size) : EINVAL;

    if (error)
        return error;
    AT(void *, stack, 0) = (char *)low + size;
    AT(size_t, stack, sizeof(void *)) = size;
    return 0;
}

/* ---- Code can be executed and not read ---------------------------------------------- */

#define OBJECTS 16
#define SEGMENTS 32

static struct object {
    uintptr_t bias;
    ElfW(Phdr) headers[SEGMENTS];
    unsigned count;
} objects[OBJECTS];
static unsigned object_count;

static bool is_in_text(const struct dl_phdr_info *info, ElfW(Addr) address)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];

        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) &&
            address - header->p_vaddr < header->p_memsz)
            return true;
    }
    return false;
}

/* No object is like that there. */
static bool has_tables_in_text(const struct dl_phdr_info *info)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
            return is_in_text(info, info->dlpi_phdr[i].p_vaddr);
    return false;
}

/* Where the processor can, such a read is made a fault. */
static int protect_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct object *object = &objects[object_count];
    long page = sysconf(_SC_PAGESIZE);

    (void)size;
    (void)arg;
    if (has_tables_in_text(info))
        return 0;
    if (object_count == OBJECTS || info->dlpi_phnum > SEGMENTS)
        abort();
    object->bias = info->dlpi_addr;
    object->count = info->dlpi_phnum;
    memcpy(object->headers, info->dlpi_phdr, info->dlpi_phnum * sizeof(ElfW(Phdr)));
    for (unsigned i = 0; i < object->count; i++) {
        ElfW(Phdr) *header = &object->headers[i];
        uintptr_t low = info->dlpi_addr + header->p_vaddr;

        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
            continue;
        header->p_flags &= ~(unsigned)PF_R;
        if (object_count == 0 && /* the program: others have data in their text */
            mprotect((void *)(low & -(uintptr_t)page),
                     header->p_memsz + (low & (uintptr_t)(page - 1)), PROT_EXEC) != 0)
            abort();
    }
    object_count++;
    return 0;
}

__attribute__((constructor)) static void protect_code(void)
{
    dl_iterate_phdr(protect_object, NULL);
}

const ElfW(Phdr) *headers_there(const struct dl_phdr_info *info)
{
    for (unsigned i = 0; i < object_count; i++)
        if (objects[i].bias == info->dlpi_addr &&
            objects[i].count == info->dlpi_phnum)
            return objects[i].headers;
    return info->dlpi_phdr; /* loaded since */
}

static bool is_code(uintptr_t address)
{
    if (is_sigcode(address))
        return true;
    for (unsigned i = 0; i < object_count; i++)
        for (unsigned j = 0; j < objects[i].count; j++) {
            const ElfW(Phdr) *header = &objects[i].headers[j];

            if (header->p_type == PT_LOAD && (header->p_flags & PF_X) &&
                address - objects[i].bias - header->p_vaddr < header->p_memsz)
                return true;
        }
    return false;
}

/* An impossible number of descriptors: is the mask read before? */
int PLAYED(pselect)(int count, void *in, void *out, void *bad, const void *time,
                    const void *mask)
{
    if (count >= 0 || in || out || bad || time)
        abort();
    errno = !is_code((uintptr_t)mask) && can_be_read(mask, ABI_sigset_t) ? EINVAL
                                                                           : EFAULT;
    return -1;
}

/* ---- sysctl(3) ------------------------------------------------------------------- */

static void put_entry(const struct told *told, int tid, struct answer *answer)
{
    char *there = take(answer, ABI_struct_kinfo_proc);

    if (!there)
        return;
    AT(int, there, ABI_struct_kinfo_proc_p_tid) = tid;
    AT(int, there, ABI_struct_kinfo_proc_p_ppid) = told->parent;
    AT(char, there, ABI_struct_kinfo_proc_p_stat) =
        told->state == 'Z'   ? ABI_SDEAD
        : told->state == 'R' ? ABI_SONPROC
                             : 3;
    AT(uint64_t, there, ABI_struct_kinfo_proc_p_ustart_sec) =
        told->start_us / 1000000u;
    AT(uint32_t, there, ABI_struct_kinfo_proc_p_ustart_usec) =
        (uint32_t)(told->start_us % 1000000u);
    set_there(&told->blocked, there + ABI_struct_kinfo_proc_p_sigmask);
    snprintf(there + ABI_struct_kinfo_proc_p_comm, 24, "%s", told->comm);
    snprintf(there + ABI_struct_kinfo_proc_p_name, 24, "%s", told->name);
}

static void put_thread(const struct told *told, void *arg)
{
    put_entry(told, FIRST_THREAD + told->tid, arg);
}

/* The process, and its threads. */
static void put_process(pid_t pid, struct answer *answer)
{
    struct told told;

    tell(pid, pid, &told);
    if (!told.threads)
        return;
    put_entry(&told, -1, answer);
    each_thread(pid, put_thread, answer);
}

/* As many as there is room for, from the address in the first entry on. */
struct from {
    uintptr_t address;
    struct answer *answer;
};

static void put_mapping(const struct told_mapping *mapping, void *arg)
{
    struct from *from = arg;
    char *there;

    if (mapping->low < from->address ||
        from->answer->room - from->answer->used < ABI_struct_kinfo_vmentry)
        return;
    there = take(from->answer, ABI_struct_kinfo_vmentry);
    AT(uintptr_t, there, ABI_struct_kinfo_vmentry_kve_start) = mapping->low;
    AT(uintptr_t, there, ABI_struct_kinfo_vmentry_kve_end) = mapping->high;
    AT(int, there, ABI_struct_kinfo_vmentry_kve_protection) = mapping->prot;
}

static void put_mappings(struct answer *answer)
{
    struct from from = {AT(const uintptr_t, answer->to, 0), answer};

    each_mapping(put_mapping, &from);
}

/* Pointers to the arguments, and behind them the arguments. */
static void put_arguments(struct answer *answer)
{
    char text[4096], *there;
    size_t size = (size_t)text_of("/proc/self/cmdline", text, sizeof text), count = 0;

    for (size_t at = 0; at < size; at++)
        count += text[at] == '\0';
    there = take(answer, (count + 1) * sizeof(char *) + size);
    if (!there)
        return;
    memcpy(there + (count + 1) * sizeof(char *), text, size);
    for (size_t i = 0, at = 0; i < count; i++) {
        AT(char *, there, i * sizeof(char *)) =
            there + (count + 1) * sizeof(char *) + at;
        at += strlen(text + at) + 1;
    }
}

bool answer_to(const int *name, unsigned words, struct answer *answer)
{
    if (name[0] == ABI_CTL_VM && words == 2 && name[1] == ABI_VM_PSSTRINGS) {
        put_word(answer, end_of_stack() - ABI_struct_ps_strings);
        return true;
    }
    if (name[0] != ABI_CTL_KERN)
        return false;
    if (words == 2 && name[1] == ABI_KERN_BOOTTIME)
        put_boot(answer);
    else if (words == 2 && name[1] == ABI_KERN_CLOCKRATE)
        put_rate(answer);
    else if (words == 6 && name[1] == ABI_KERN_PROC &&
             name[2] == (ABI_KERN_PROC_PID | ABI_KERN_PROC_SHOW_THREADS) &&
             name[4] == ABI_struct_kinfo_proc)
        put_process(name[3], answer);
    else if (words == 3 && name[1] == ABI_KERN_PROC_VMMAP && name[2] == getpid())
        put_mappings(answer);
    else if (words == 4 && name[1] == ABI_KERN_PROC_ARGS &&
             name[3] == ABI_KERN_PROC_ARGV)
        put_arguments(answer);
    else
        return false;
    return true;
}
