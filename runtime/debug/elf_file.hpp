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

/// A string of a section that ends with a whole one; null: it is not in there.
[[nodiscard]] const char* string(const section& s, uint64 offset) GO("elf.string");
/// Reads it the first time. With paniclk held.
const file& self() GO("elf.self");

}  // namespace elf
