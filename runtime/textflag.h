// textflag.h - how an assembly function begins and ends, so that gdb knows its name, its size and its frame.
//
// TEXT(name) ... END(name)   a function: symbol type and size (gas turns them into a debug entry), CFI
// ROOT                       there is no caller: a backtrace ends here
// FRAME_BEGIN / FRAME_END    push and pop the frame pointer, and say so in the CFI

.section .note.GNU-stack, "", @progbits
.section .note.GNU-split-stack, "", @progbits
.text

#define TEXT(name) .p2align 4; .globl name; .hidden name; .type name, @function; name: .cfi_startproc;
#define END(name)  .cfi_endproc; .size name, . - name
#define ROOT .cfi_undefined rip;

#define FRAME_BEGIN \
	push %rbp; .cfi_adjust_cfa_offset 8; .cfi_rel_offset rbp, 0; mov %rsp, %rbp; .cfi_def_cfa_register rbp
#define FRAME_END   pop %rbp; .cfi_def_cfa rsp, 8; .cfi_restore rbp
