// dwarf_line.hpp - .debug_line, DWARF 2 to 4: the file and line of a pc.
#pragma once

#include "debug/dwarf_info.hpp"
#include "debug/text.hpp"

namespace dwarf {

// ud is the unit's own entry.

/// The path of the unit's nth file, without /../ and /./
void filename(const unit& u, const die& ud, uint64 n, text out) GO("dwarf.filename");
/// The file (a number of the unit's) and line of pc.
[[nodiscard]] bool findline(const unit& u, const die& ud, uint64 pc, uint64* fileno, uint64* line) GO("dwarf.findline");

}  // namespace dwarf
