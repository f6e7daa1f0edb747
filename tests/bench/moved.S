// moved.S - linked in front of everything else, it moves the code by BYTES: the same program at another placement.

    .text
    .skip BYTES, 0xcc
    .section .note.GNU-stack, "", @progbits
