# SPDX-License-Identifier: BSD-2-Clause
# Functions in assembly: with and without a size, and a label in one.
	.text
	.globl	asm_sized
	.type	asm_sized, @function
asm_sized:
	push	%rbp
	mov	%rsp, %rbp
	nop
.Lhidden:
	nop
	pop	%rbp
	ret
	.size	asm_sized, . - asm_sized
	.globl	asm_unsized
	.type	asm_unsized, @function
asm_unsized:
	nop
	nop
	ret
	.globl	asm_last
	.type	asm_last, @function
asm_last:
	lea	1(%rdi), %rax
	ret
	.size	asm_last, . - asm_last
	.section .note.GNU-stack,"",@progbits
