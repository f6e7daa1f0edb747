# The floor of every start-up figure: a program that writes "hello world\n", exits, and does nothing else.

        .globl  _start
        .text
_start:
        mov     $1, %eax                # write(1, message, 12)
        mov     $1, %edi
        lea     message(%rip), %rsi
        mov     $12, %edx
        syscall

        mov     $231, %eax              # exit_group(0)
        xor     %edi, %edi
        syscall

        .section .rodata
message:
        .ascii  "hello world\n"

        .section .note.GNU-stack, "", @progbits
