// elf_file.hpp - the program's own file: its symbols, and the sections that hold its debug information.
#pragma once

#include "types.hpp"

namespace elf {

struct section {
    const uint8 *p, *end;
};

/// What cannot be had is empty: without a symbol table there are no names, without .debug_info no lines.
struct file {
    uintptr base;  // where the file's address 0 is in memory: not 0 in a shared object
    section symtab, strtab, info, abbrev, line, str, ranges;
};

/// Maps it the first time. With paniclk held.
const file& self() GO("elf.self");

}  // namespace elf
