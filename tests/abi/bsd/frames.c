/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a BSD's kernel calls a handler (sendsig): it leaves the context and the siginfo on the
 * stack, and has the handler return to code of its own, or of the C library's. That
 * code's system call is never made here: signal_return takes the context back before.
 */
#include "system.h"

#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "os/regs.h"
#include "places.h"

#define OURS 4096u /* of the stack: what is above the frame */
#define PAGE 4096u

/* What has to be gone back to. */
struct delivery {
    struct delivery *before;
    jmp_buf back;
    sigset_t mask;
};
static __thread struct delivery *latest __attribute__((tls_model("initial-exec")));

void signal_return(const void *context)
{
    set_here((const char *)context + CONTEXT_MASK_AT, &latest->mask);
    longjmp(latest->back, 1);
}

static const size_t place[] = PLACES;

void lay_out(const void *ucontext, unsigned char *there)
{
    const ucontext_t *here = ucontext;

    memset(there, 0xa5, ABI_ucontext_t);
    set_there(&here->uc_sigmask, there + CONTEXT_MASK_AT);
#ifdef ABI_ucontext_t_uc_stack
    AT(void *, there, ABI_ucontext_t_uc_stack) = here->uc_stack.ss_sp;
    AT(size_t, there, ABI_ucontext_t_uc_stack + sizeof(void *)) =
        here->uc_stack.ss_size;
#endif
    for (unsigned column = 0; column < REGS_COUNT; column++)
        AT(uintptr_t, there, place[column]) = regs_get(here, column);
}

/* enter(frame, back, entry, number, siginfo, context) */
#if defined(__x86_64__)
__asm__(".text\n"
        "enter:\n"
        "    mov %rdi, %rsp\n"
        "    push %rsi\n"
        "    mov %rdx, %rax\n"
        "    mov %ecx, %edi\n"
        "    mov %r8, %rsi\n"
        "    mov %r9, %rdx\n"
        "    jmp *%rax\n");
#elif defined(__i386__) /* the arguments are in the frame */
__asm__(".text\n"
        "enter:\n"
        "    mov 8(%esp), %ecx\n"
        "    mov 12(%esp), %eax\n"
        "    mov 4(%esp), %esp\n"
        "    push %ecx\n"
        "    jmp *%eax\n");
#else
__asm__(".text\n"
        "enter:\n"
        "    mov sp, x0\n"
        "    mov x30, x1\n"
        "    mov x16, x2\n"
        "    mov w0, w3\n"
        "    mov x1, x4\n"
        "    mov x2, x5\n"
        "    br x16\n");
#endif
void enter(uintptr_t frame, uintptr_t back, handler_there *entry, int number,
           void *siginfo, void *context) __attribute__((noreturn));

/* Its address is the stack pointer that the handler leaves. A siginfo that was not asked
 * for is empty on some; here on all. */
static uintptr_t put_frame(uintptr_t top, int number, bool with_siginfo, int code,
                           const void *ucontext)
{
    uintptr_t frame = (top - FRAME_BYTES) & ~(uintptr_t)63;
    uintptr_t start = frame - FRAME_RETURN;
    uintptr_t siginfo = start + FRAME_SIGINFO_AT;

    memset((void *)start, 0, FRAME_BYTES);
    lay_out(ucontext, (unsigned char *)start + FRAME_CONTEXT_AT);
    if (with_siginfo) {
        AT(int, siginfo, 0) = number;
        AT(int, siginfo, ABI_siginfo_t_si_code) = code;
    }
#if defined(__i386__)
    AT(int, frame, 0) = number;
    AT(uintptr_t, frame, 4) = with_siginfo ? siginfo : 0;
    AT(uintptr_t, frame, 8) = start + FRAME_CONTEXT_AT;
#endif
    finish_frame(start + FRAME_CONTEXT_AT);
    return frame;
}

__attribute__((noinline)) void deliver(int number, bool with_siginfo, int code,
                                       const void *ucontext, handler_there *entry)
{
    uintptr_t top = (uintptr_t)__builtin_frame_address(0) - OURS;
    uintptr_t frame = put_frame(top, number, with_siginfo, code, ucontext);
    uintptr_t start = frame - FRAME_RETURN;
    struct delivery delivery = {.before = latest};

    latest = &delivery;
    if (setjmp(delivery.back) == 0)
        enter(frame, sigcode(), entry, number,
              with_siginfo ? (void *)(start + FRAME_SIGINFO_AT) : NULL,
              (void *)(start + FRAME_CONTEXT_AT));
    latest = delivery.before;
    memcpy(&((ucontext_t *)(uintptr_t)ucontext)->uc_sigmask, &delivery.mask,
           _NSIG / 8); /* as many bytes as the kernel has there */
}

/* Where no module is. */
#ifdef SIGCODE_RIGHTS
extern const char sigcode_begin[], sigcode_back[], sigcode_end[];
static char *sigcode_page;

uintptr_t sigcode(void)
{
    size_t size = (size_t)(sigcode_end - sigcode_begin);

    if (!sigcode_page) {
        sigcode_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memcpy(sigcode_page, sigcode_begin, size);
        mprotect(sigcode_page, PAGE, SIGCODE_RIGHTS);
        __builtin___clear_cache(sigcode_page, sigcode_page + size);
    }
    return (uintptr_t)sigcode_page + (uintptr_t)(sigcode_back - sigcode_begin);
}

bool is_sigcode(uintptr_t address)
{
    return sigcode_page && address - (uintptr_t)sigcode_page < PAGE;
}
#endif

#ifndef DEFERS
/* A handler is called as it is: this is only here to take the context back. */
void signal_entry(int number, void *siginfo, void *context)
{
    call_handler(number, siginfo, context);
    signal_return(context);
}
#endif
