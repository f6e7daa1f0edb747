// dwarf_info.hpp - .debug_info, DWARF 2 to 4: the tree of entries of a compilation unit.
#pragma once

#include "debug/elf_file.hpp"

namespace dwarf {

enum : uint64 {
    DW_TAG_class_type = 2,
    DW_TAG_formal_parameter = 5,
    DW_TAG_structure_type = 0x13,
    DW_TAG_union_type = 0x17,
    DW_TAG_inlined_subroutine = 0x1d,
    DW_TAG_subprogram = 0x2e,
    DW_TAG_namespace = 0x39
};

/// A compilation unit.
struct unit {
    const elf::file* file;
    const uint8 *begin, *dies, *end;
    const uint8* abbrev;
};

/// An entry of a unit, with the attributes that matter here.
struct die {
    const uint8* at;
    uint64 tag;
    bool children;
    int32 depth;  // the unit itself is at 1
    const char *name, *linkage, *comp_dir;
    const uint8* origin;  // the entry that says what this one leaves out
    uint64 low, high, ranges;
    uint64 file, line, column;  // where it is declared
    uint64 callfile, callline;  // where it was inlined
    uint64 stmt_list;
    bool hasranges, artificial;
};

/// The entry at p, which is not the zero that ends a list of children. Returns what follows it, null if it makes no
/// sense.
[[nodiscard]] const uint8* readdie(const unit& u, const uint8* p, die* d) GO("dwarf.readdie");

/// A walk over a unit's entries in the order of the file, parents first.
struct walk {
    const unit& u;
    const uint8* p;
    int32 depth = 1;

    [[nodiscard]] bool next(die* d) GO("dwarf.walk.next");
};

inline bool isfunction(const die& d) { return d.tag == DW_TAG_subprogram || d.tag == DW_TAG_inlined_subroutine; }
inline bool isclass(const die& d) {
    return d.tag == DW_TAG_class_type || d.tag == DW_TAG_structure_type || d.tag == DW_TAG_union_type;
}
/// base: the unit's low_pc, which its ranges count from.
[[nodiscard]] bool contains(const unit& u, const die& d, uint64 pc, uint64 base) GO("dwarf.contains");
/// The unit that pc is in, and its own entry.
[[nodiscard]] bool findunit(const elf::file& f, uint64 pc, unit* u, die* d) GO("dwarf.findunit");

}  // namespace dwarf
