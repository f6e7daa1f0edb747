// dwarf_info.cpp - reads .debug_info: of each entry the attributes that matter here. Go's counterpart: debug/dwarf.

#include "debug/dwarf_info.hpp"

#include "debug/dwarf_data.hpp"

namespace dwarf {

// ---- entries -------------------------------------------------------------------------------------------------------

enum : uint64 {
    DW_AT_name = 3,
    DW_AT_stmt_list = 0x10,
    DW_AT_low_pc = 0x11,
    DW_AT_high_pc = 0x12,
    DW_AT_comp_dir = 0x1b,
    DW_AT_abstract_origin = 0x31,
    DW_AT_artificial = 0x34,
    DW_AT_decl_column = 0x39,
    DW_AT_decl_file = 0x3a,
    DW_AT_decl_line = 0x3b,
    DW_AT_specification = 0x47,
    DW_AT_ranges = 0x55,
    DW_AT_call_file = 0x58,
    DW_AT_call_line = 0x59,
    DW_AT_linkage_name = 0x6e
};
enum : uint64 {
    DW_FORM_addr = 1,
    DW_FORM_block2 = 3,
    DW_FORM_block4,
    DW_FORM_data2,
    DW_FORM_data4,
    DW_FORM_data8,
    DW_FORM_string,
    DW_FORM_block,
    DW_FORM_block1,
    DW_FORM_data1,
    DW_FORM_flag,
    DW_FORM_sdata,
    DW_FORM_strp,
    DW_FORM_udata,
    DW_FORM_ref_addr,
    DW_FORM_ref1,
    DW_FORM_ref2,
    DW_FORM_ref4,
    DW_FORM_ref8,
    DW_FORM_ref_udata,
    DW_FORM_indirect,
    DW_FORM_sec_offset,
    DW_FORM_exprloc,
    DW_FORM_flag_present,
    DW_FORM_ref_sig8 = 0x20
};

constexpr uint64 maxcode = 1024;
// In a damaged file there may be as many of each as there are bytes, and a report would take for ever.
constexpr int32 maxattributes = 64, maxranges = 4096, maxunits = 4096;
static const uint8* abbrevs[maxcode];  // by code, of abbrevsof's unit
static const uint8* abbrevsof;

static void readabbrevs(const unit& u) {
    if (abbrevsof == u.abbrev) return;
    abbrevsof = u.abbrev;
    memset(abbrevs, 0, sizeof abbrevs);
    for (cursor c = {u.abbrev, u.file->abbrev.end}; c.more() && *c.p;) {
        uint64 code = c.uleb();
        if (code < maxcode) abbrevs[code] = c.p;
        c.uleb();
        c.skip(1);
        for (bool more = true; more;) {
            uint64 attribute = c.uleb(), form = c.uleb();
            more = attribute || form;
        }
    }
}

/// The value of an attribute; for a string its address. False: a form of a later DWARF.
static bool readform(const unit& u, cursor& c, uint64 form, uint64* v) {
    auto begin = reinterpret_cast<uint64>(u.begin);
    if (form == DW_FORM_indirect) form = c.uleb();
    switch (form) {
    case DW_FORM_addr:
    case DW_FORM_data8:
    case DW_FORM_ref_sig8: *v = c.fixed<uint64>(); return true;
    case DW_FORM_data1:
    case DW_FORM_flag: *v = c.fixed<uint8>(); return true;
    case DW_FORM_data2: *v = c.fixed<uint16>(); return true;
    case DW_FORM_data4:
    case DW_FORM_sec_offset: *v = c.fixed<uint32>(); return true;
    case DW_FORM_sdata: *v = static_cast<uint64>(c.sleb()); return true;
    case DW_FORM_udata: *v = c.uleb(); return true;
    case DW_FORM_flag_present: *v = 1; return true;
    case DW_FORM_string: *v = reinterpret_cast<uint64>(c.cstring()); return true;
    case DW_FORM_strp: *v = reinterpret_cast<uint64>(elf::string(u.file->str, c.fixed<uint32>())); return true;
    case DW_FORM_ref_addr: *v = reinterpret_cast<uint64>(u.file->info.p) + c.fixed<uint32>(); return true;
    case DW_FORM_ref1: *v = begin + c.fixed<uint8>(); return true;
    case DW_FORM_ref2: *v = begin + c.fixed<uint16>(); return true;
    case DW_FORM_ref4: *v = begin + c.fixed<uint32>(); return true;
    case DW_FORM_ref8: *v = begin + c.fixed<uint64>(); return true;
    case DW_FORM_ref_udata: *v = begin + c.uleb(); return true;
    case DW_FORM_block1: *v = c.fixed<uint8>(); break;
    case DW_FORM_block2: *v = c.fixed<uint16>(); break;
    case DW_FORM_block4: *v = c.fixed<uint32>(); break;
    case DW_FORM_block:
    case DW_FORM_exprloc: *v = c.uleb(); break;
    default: return false;
    }
    c.skip(*v);  // a block
    return true;
}

const uint8* readdie(const unit& u, const uint8* p, die* d) {
    *d = {};
    if (p < u.dies || p >= u.end) return nullptr;  // a reference to nowhere
    d->at = p;
    cursor c = {p, u.end};
    uint64 code = c.uleb();
    cursor a = {code < maxcode ? abbrevs[code] : nullptr, u.file->abbrev.end};
    if (!a.p) return nullptr;
    d->tag = a.uleb();
    d->children = a.fixed<uint8>();
    bool highoffset = false;
    for (int32 i = 0;; i++) {
        uint64 attribute = a.uleb(), form = a.uleb(), v;
        if (!attribute) break;
        if (i == maxattributes || !readform(u, c, form, &v)) return nullptr;
        bool isstring = form == DW_FORM_string || form == DW_FORM_strp;
        const char* s = isstring ? reinterpret_cast<const char*>(v) : nullptr;
        switch (attribute) {
        case DW_AT_name: d->name = s; break;
        case DW_AT_linkage_name: d->linkage = s; break;
        case DW_AT_comp_dir: d->comp_dir = s; break;
        case DW_AT_abstract_origin:
        case DW_AT_specification: d->origin = reinterpret_cast<const uint8*>(v); break;
        case DW_AT_low_pc: d->low = v; break;
        case DW_AT_high_pc:
            d->high = v;
            highoffset = form != DW_FORM_addr;
            break;
        case DW_AT_ranges:
            d->ranges = v;
            d->hasranges = true;
            break;
        case DW_AT_stmt_list: d->stmt_list = v; break;
        case DW_AT_decl_file: d->file = v; break;
        case DW_AT_decl_line: d->line = v; break;
        case DW_AT_decl_column: d->column = v; break;
        case DW_AT_call_file: d->callfile = v; break;
        case DW_AT_call_line: d->callline = v; break;
        case DW_AT_artificial: d->artificial = v; break;
        }
    }
    if (highoffset) d->high += d->low;
    return c.p;
}

bool walk::next(die* d) {
    while (p && p < u.end) {
        if (*p == 0) {
            p++;
            if (--depth == 0) return false;
            continue;
        }
        p = readdie(u, p, d);
        if (!p) return false;
        d->depth = depth;
        if (d->children) depth++;
        return true;
    }
    return false;
}

// ---- where a pc is -------------------------------------------------------------------------------------------------

bool contains(const unit& u, const die& d, uint64 pc, uint64 base) {
    if (!d.hasranges) return d.low <= pc && pc < d.high;
    cursor c = {u.file->ranges.p, u.file->ranges.end};
    c.skip(d.ranges);
    for (int32 i = 0; i < maxranges && c.more(); i++) {
        uint64 low = c.fixed<uint64>(), high = c.fixed<uint64>();
        if (low == 0 && high == 0) return false;
        if (low == ~0ull)
            base = high;
        else if (base + low <= pc && pc < base + high)
            return true;
    }
    return false;
}

bool findunit(const elf::file& f, uint64 pc, unit* u, die* d) {
    cursor c = {f.info.p, f.info.end};
    for (int32 i = 0; i < maxunits && c.more(); i++, c.p = u->end) {
        u->file = &f;
        u->begin = c.p;
        uint32 length = c.fixed<uint32>();
        if (length > c.left()) return false;
        u->end = c.p + length;
        uint16 version = c.fixed<uint16>();
        cursor abbrev = {f.abbrev.p, f.abbrev.end};
        abbrev.skip(c.fixed<uint32>());
        u->abbrev = abbrev.p;
        c.skip(1);  // the size of an address
        u->dies = c.p;
        if (version < 2 || version > 4) continue;
        readabbrevs(*u);
        if (readdie(*u, u->dies, d) && contains(*u, *d, pc, d->low)) return true;
    }
    return false;
}

}  // namespace dwarf
