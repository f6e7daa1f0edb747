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
static const uint8* abbrevs[maxcode];  // by code, of abbrevsof's unit
static const uint8* abbrevsof;

static void readabbrevs(const unit& u) {
    if (abbrevsof == u.abbrev) return;
    abbrevsof = u.abbrev;
    memset(abbrevs, 0, sizeof abbrevs);
    for (const uint8* p = u.abbrev; p < u.file->abbrev.end && *p;) {
        uint64 code = uleb(p);
        if (code < maxcode) abbrevs[code] = p;
        uleb(p);
        p++;
        for (bool more = true; more;) {
            uint64 attribute = uleb(p), form = uleb(p);
            more = attribute || form;
        }
    }
}

/// The value of an attribute; for a string its address. False: a form of a later DWARF.
static bool readform(const unit& u, const uint8*& p, uint64 form, uint64* v) {
    switch (form) {
    case DW_FORM_addr:
    case DW_FORM_data8:
    case DW_FORM_ref_sig8: *v = fixed<uint64>(p); return true;
    case DW_FORM_data1:
    case DW_FORM_flag: *v = *p++; return true;
    case DW_FORM_data2: *v = fixed<uint16>(p); return true;
    case DW_FORM_data4:
    case DW_FORM_sec_offset: *v = fixed<uint32>(p); return true;
    case DW_FORM_sdata: *v = static_cast<uint64>(sleb(p)); return true;
    case DW_FORM_udata: *v = uleb(p); return true;
    case DW_FORM_flag_present: *v = 1; return true;
    case DW_FORM_string: *v = reinterpret_cast<uint64>(cstring(p)); return true;
    case DW_FORM_strp: *v = reinterpret_cast<uint64>(u.file->str.p) + fixed<uint32>(p); return true;
    case DW_FORM_ref_addr: *v = reinterpret_cast<uint64>(u.file->info.p) + fixed<uint32>(p); return true;
    case DW_FORM_ref1: *v = reinterpret_cast<uint64>(u.begin) + *p++; return true;
    case DW_FORM_ref2: *v = reinterpret_cast<uint64>(u.begin) + fixed<uint16>(p); return true;
    case DW_FORM_ref4: *v = reinterpret_cast<uint64>(u.begin) + fixed<uint32>(p); return true;
    case DW_FORM_ref8: *v = reinterpret_cast<uint64>(u.begin) + fixed<uint64>(p); return true;
    case DW_FORM_ref_udata: *v = reinterpret_cast<uint64>(u.begin) + uleb(p); return true;
    case DW_FORM_block1:
        *v = *p++;
        p += *v;
        return true;
    case DW_FORM_block2:
        *v = fixed<uint16>(p);
        p += *v;
        return true;
    case DW_FORM_block4:
        *v = fixed<uint32>(p);
        p += *v;
        return true;
    case DW_FORM_block:
    case DW_FORM_exprloc:
        *v = uleb(p);
        p += *v;
        return true;
    case DW_FORM_indirect: form = uleb(p); return readform(u, p, form, v);
    }
    return false;
}

const uint8* readdie(const unit& u, const uint8* p, die* d) {
    *d = {};
    d->at = p;
    uint64 code = uleb(p);
    const uint8* a = code < maxcode ? abbrevs[code] : nullptr;
    if (!a) return nullptr;
    d->tag = uleb(a);
    d->children = *a++;
    bool highoffset = false;
    for (;;) {
        uint64 attribute = uleb(a), form = uleb(a), v;
        if (!attribute) break;
        if (!readform(u, p, form, &v)) return nullptr;
        switch (attribute) {
        case DW_AT_name: d->name = reinterpret_cast<const char*>(v); break;
        case DW_AT_linkage_name: d->linkage = reinterpret_cast<const char*>(v); break;
        case DW_AT_comp_dir: d->comp_dir = reinterpret_cast<const char*>(v); break;
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
    return p;
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
    for (const uint8* p = u.file->ranges.p + d.ranges; p + 16 <= u.file->ranges.end;) {
        uint64 low = fixed<uint64>(p), high = fixed<uint64>(p);
        if (low == 0 && high == 0) return false;
        if (low == ~0ull)
            base = high;
        else if (base + low <= pc && pc < base + high)
            return true;
    }
    return false;
}

bool findunit(const elf::file& f, uint64 pc, unit* u, die* d) {
    for (const uint8* p = f.info.p; p && p + 11 < f.info.end; p = u->end) {
        u->file = &f;
        u->begin = p;
        uint32 length = fixed<uint32>(p);
        u->end = p + length;
        uint16 version = fixed<uint16>(p);
        u->abbrev = f.abbrev.p + fixed<uint32>(p);
        u->dies = p + 1;  // past the size of an address
        if (length >= 0xfffffff0 || u->end > f.info.end) return false;
        if (version < 2 || version > 4) continue;
        readabbrevs(*u);
        if (readdie(*u, u->dies, d) && contains(*u, *d, pc, d->low)) return true;
    }
    return false;
}

}  // namespace dwarf
