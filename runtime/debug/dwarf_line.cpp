// dwarf_line.cpp - reads .debug_line: names of files, and a program whose output is rows of (address, file, line). Go's
// counterpart: debug/dwarf.

#include "debug/dwarf_line.hpp"

#include "debug/dwarf_data.hpp"

namespace dwarf {

namespace {

// Operations of a line program that need a word here; those from opcodebase on make a row each.
enum : uint8 {
    extended = 0,
    DW_LNS_copy = 1,
    DW_LNS_advance_pc = 2,
    DW_LNS_advance_line = 3,
    DW_LNS_set_file = 4,
    DW_LNS_const_add_pc = 8,
    DW_LNS_fixed_advance_pc = 9,
};
constexpr uint8 lastspecial = 255;
enum : uint8 { DW_LNE_end_sequence = 1, DW_LNE_set_address = 2 };

/// The header of a unit's line table, up to where the file names begin.
struct linetable {
    cursor dirs, files, program;
    uint8 mininst, linerange, opcodebase;
    int8 linebase;
    const uint8* lengths;  // how many operands each standard opcode has

    linetable(const elf::file& f, uint64 offset) {
        cursor c = {f.line.p, f.line.end};
        c.skip(offset);
        uint32 length = c.fixed<uint32>();
        if (length < c.left()) c.end = c.p + length;
        uint16 version = c.fixed<uint16>();
        uint32 header = c.fixed<uint32>();
        program = c;
        program.skip(header);
        if (version < 2 || version > 4) c.p = c.end;
        mininst = c.fixed<uint8>();
        if (version >= 4) c.skip(1);  // operations in an instruction: 1
        c.skip(1);                    // is_stmt
        linebase = static_cast<int8>(c.fixed<uint8>());
        linerange = c.fixed<uint8>();
        opcodebase = c.fixed<uint8>();
        if (linerange == 0 || opcodebase == 0 || c.left() < opcodebase) program.p = c.p = c.end;  // nothing can be said
        lengths = c.p - 1;
        c.skip(opcodebase - 1);
        dirs = c;
        while (c.more() && *c.p) c.cstring();
        c.skip(1);
        files = {c.p, program.p > c.p ? program.p : c.p};
    }
};

}  // namespace

void filename(const unit& u, const die& ud, uint64 n, text out) {
    linetable t(*u.file, ud.stmt_list);
    const char* name = "?";
    uint64 dir = 0;
    cursor c = t.files;
    for (uint64 i = 1; c.more() && *c.p; i++) {
        const char* s = c.cstring();
        uint64 of = c.uleb();
        c.uleb(), c.uleb();
        if (i == n) name = s, dir = of;
    }
    const char* in = nullptr;
    c = t.dirs;
    for (uint64 i = 1; i <= dir && c.more() && *c.p; i++) {
        const char* s = c.cstring();
        if (i == dir) in = s;
    }
    char* begin = out.p;
    const char* parts[] = {ud.comp_dir, in, name};
    int32 first = name[0] == '/' ? 2 : in && in[0] == '/' ? 1 : 0;
    for (int32 i = first; i < 3; i++) {
        for (const char* s = parts[i]; s && *s;) {
            int64 len = 0;
            while (s[len] && s[len] != '/') len++;
            if (len == 2 && s[0] == '.' && s[1] == '.') {
                while (out.p > begin && *--out.p != '/') {
                }
            } else if (len > 0 && !(len == 1 && s[0] == '.')) {
                out.add("/", 1);
                out.add(s, len);
            }
            s += len + (s[len] == '/');
        }
    }
    *out.p = 0;
}

/// Runs the unit's line program until a row passes pc.
bool findline(const unit& u, const die& ud, uint64 pc, uint64* fileno, uint64* line) {
    linetable t(*u.file, ud.stmt_list);
    uint64 addr = 0, f = 1, l = 1;  // the row being made
    uint64 lastaddr = ~0ull, lastf = 0, lastl = 0;
    for (cursor c = t.program; c.more();) {
        uint8 op = c.fixed<uint8>();
        bool row = false, ends = false;
        if (op >= t.opcodebase) {
            uint8 special = op - t.opcodebase;
            addr += static_cast<uint64>(special / t.linerange) * t.mininst;
            l += static_cast<uint64>(t.linebase + special % t.linerange);
            row = true;
        } else {
            switch (op) {
            case extended: {
                uint64 n = c.uleb();
                cursor operand = c;
                c.skip(n);
                uint8 sub = operand.fixed<uint8>();
                if (sub == DW_LNE_end_sequence) row = ends = true;
                if (sub == DW_LNE_set_address) addr = operand.fixed<uint64>();
                break;
            }
            case DW_LNS_copy: row = true; break;
            case DW_LNS_advance_pc: addr += c.uleb() * t.mininst; break;
            case DW_LNS_advance_line: l += static_cast<uint64>(c.sleb()); break;
            case DW_LNS_set_file: f = c.uleb(); break;
            case DW_LNS_const_add_pc:
                addr += static_cast<uint64>((lastspecial - t.opcodebase) / t.linerange) * t.mininst;
                break;
            case DW_LNS_fixed_advance_pc: addr += c.fixed<uint16>(); break;
            default:
                for (uint8 i = 0; i < t.lengths[op]; i++) c.uleb();
            }
        }
        if (!row) continue;
        if (lastaddr <= pc && pc < addr) {
            *fileno = lastf;
            *line = lastl;
            return true;
        }
        if (l != 0) lastaddr = addr, lastf = f, lastl = l;  // line 0: of no line in particular, so of the one before
        if (ends) addr = 0, f = l = 1, lastaddr = ~0ull;
    }
    return false;
}

}  // namespace dwarf
