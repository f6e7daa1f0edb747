// rt0_linux_amd64.S - the first instruction: the ELF entry point, where the kernel jumps to.
// Nothing has run before it: SP points at argc, every other register is 0. The second entry is
// for a program that loads the runtime as a library.

#include "textflag.h"

TEXT(_rt0_amd64_linux) ROOT
	jmp	_rt0_amd64
END(_rt0_amd64_linux)
TEXT(_rt0_amd64_linux_lib)
	jmp	_rt0_amd64_lib
END(_rt0_amd64_linux_lib)
