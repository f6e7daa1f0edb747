// findpc.cpp - what the program's own file says of a pc: which function, which line, and what was inlined there.
//
// Go's linker writes tables for this into the program (symtab.go reads them). Here the compiler's DWARF 4 stands for
// them. It is not loaded, so the file is mapped when a report is written, and not before: a program that does not fail
// never opens it. Without the file, or without its debug information, a report has the names of the symbol table, or
// bare pcs.
//
// Everything runs on g0 or gsignal, by the one M that holds paniclk: hence the static buffers and the small frames.

#include "runtime.hpp"

#include "symtab.hpp"

// ---- the file ------------------------------------------------------------------------------------------------------

struct elfEhdr {
    uint8 e_ident[16];
    uint16 e_type, e_machine;
    uint32 e_version;
    uint64 e_entry, e_phoff, e_shoff;
    uint32 e_flags;
    uint16 e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct elfPhdr {
    uint32 p_type, p_flags;
    uint64 p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

struct elfShdr {
    uint32 sh_name, sh_type;
    uint64 sh_flags, sh_addr, sh_offset, sh_size;
    uint32 sh_link, sh_info;
    uint64 sh_addralign, sh_entsize;
};

struct elfSym {
    uint32 st_name;
    uint8 st_info, st_other;
    uint16 st_shndx;
    uint64 st_value, st_size;
};

extern "C" [[gnu::visibility("hidden")]] const uint8 __ehdr_start[];

struct section {
    const uint8 *p, *end;
};

static struct {
    bool tried;
    uintptr base;       // where the file's address 0 is in memory: not 0 in a shared object
    section symtab, strtab, info, abbrev, line, str, ranges;
} file;

// A thousand goroutines often stand at the same few places: what was found is kept.
constexpr uintptr nplaces = 127;
static place* places;

static const uint8* mapfile(int32 fd, uintptr n) {
    void* v = sysMmap(nullptr, n, _PROT_READ, _MAP_PRIVATE, fd, 0);
    return reinterpret_cast<uintptr>(v) > ~4095ull ? nullptr : static_cast<const uint8*>(v);
}

/// The linkers write the section headers last: where they end, the file ends.
static void readsections(const uint8* image, uintptr size) {
    auto* eh = reinterpret_cast<const elfEhdr*>(image);
    auto* sh = reinterpret_cast<const elfShdr*>(image + eh->e_shoff);
    struct {
        const char* name;
        section* s;
    } const wanted[] = {{".symtab", &file.symtab}, {".strtab", &file.strtab}, {".debug_info", &file.info},
                        {".debug_abbrev", &file.abbrev}, {".debug_line", &file.line}, {".debug_str", &file.str},
                        {".debug_ranges", &file.ranges}};
    constexpr uint32 SHT_NOBITS = 8, SHF_COMPRESSED = 0x800;
    for (uint32 i = 0; i < eh->e_shnum; i++) {
        if (sh[i].sh_type == SHT_NOBITS || (sh[i].sh_flags & SHF_COMPRESSED) || sh[i].sh_offset + sh[i].sh_size > size) continue;
        auto* name = reinterpret_cast<const char*>(image + sh[eh->e_shstrndx].sh_offset + sh[i].sh_name);
        for (auto& w : wanted)
            if (equal(name, w.name)) *w.s = {image + sh[i].sh_offset, image + sh[i].sh_offset + sh[i].sh_size};
    }
    if (!file.strtab.p) file.symtab = {};
    if (!file.abbrev.p || !file.line.p || !file.str.p) file.info = {};
}

static void findruntime();

static void openfile() {
    if (file.tried) return;
    file.tried = true;
    auto* loaded = reinterpret_cast<const elfEhdr*>(__ehdr_start);
    auto* ph = reinterpret_cast<const elfPhdr*>(__ehdr_start + loaded->e_phoff);
    for (uint32 i = 0; i < loaded->e_phnum; i++)
        if (ph[i].p_type == 1 && ph[i].p_offset == 0) file.base = reinterpret_cast<uintptr>(__ehdr_start) - ph[i].p_vaddr;

    int32 fd = open_("/proc/self/exe", _O_CLOEXEC, 0);
    if (fd < 0) return;
    uintptr size = loaded->e_shoff + loaded->e_shnum * sizeof(elfShdr);
    const uint8* image = mapfile(fd, size);
    // Is it this program's file? And did nobody cut it short?
    if (image && memcmp(image, loaded, sizeof(elfEhdr)) == 0 && loaded->e_shoff != 0) readsections(image, size);
    closefd(fd);
    void* v = sysMmap(nullptr, nplaces * sizeof(place), _PROT_READ | _PROT_WRITE, _MAP_PRIVATE | _MAP_ANON, -1, 0);
    if (reinterpret_cast<uintptr>(v) <= ~4095ull) places = static_cast<place*>(v);
    findruntime();
}

symbol findsymbol(uintptr pc) {
    openfile();
    symbol found = {};
    pc -= file.base;
    for (auto* s = reinterpret_cast<const elfSym*>(file.symtab.p); s < reinterpret_cast<const elfSym*>(file.symtab.end); s++) {
        if ((s->st_info & 15) != 2 || pc < s->st_value || pc >= s->st_value + s->st_size) continue;
        found = {s->st_value + file.base, reinterpret_cast<const char*>(file.strtab.p + s->st_name)};
        if (!hasprefix(found.name, "_Z")) break;
    }
    return found;
}

// ---- reading .debug_info -------------------------------------------------------------------------------------------

enum : uint64 { DW_TAG_class_type = 2, DW_TAG_formal_parameter = 5, DW_TAG_structure_type = 0x13, DW_TAG_union_type = 0x17,
                DW_TAG_inlined_subroutine = 0x1d, DW_TAG_subprogram = 0x2e, DW_TAG_namespace = 0x39 };
enum : uint64 { DW_AT_name = 3, DW_AT_stmt_list = 0x10, DW_AT_low_pc = 0x11, DW_AT_high_pc = 0x12, DW_AT_comp_dir = 0x1b,
                DW_AT_abstract_origin = 0x31, DW_AT_artificial = 0x34, DW_AT_decl_column = 0x39, DW_AT_decl_file = 0x3a,
                DW_AT_decl_line = 0x3b, DW_AT_specification = 0x47, DW_AT_ranges = 0x55, DW_AT_call_file = 0x58,
                DW_AT_call_line = 0x59, DW_AT_linkage_name = 0x6e };
enum : uint64 { DW_FORM_addr = 1, DW_FORM_block2 = 3, DW_FORM_block4, DW_FORM_data2, DW_FORM_data4, DW_FORM_data8, DW_FORM_string,
                DW_FORM_block, DW_FORM_block1, DW_FORM_data1, DW_FORM_flag, DW_FORM_sdata, DW_FORM_strp, DW_FORM_udata,
                DW_FORM_ref_addr, DW_FORM_ref1, DW_FORM_ref2, DW_FORM_ref4, DW_FORM_ref8, DW_FORM_ref_udata, DW_FORM_indirect,
                DW_FORM_sec_offset, DW_FORM_exprloc, DW_FORM_flag_present, DW_FORM_ref_sig8 = 0x20 };

template <class T> static T fixed(const uint8*& p) {
    T v;
    memcpy(&v, p, sizeof v);
    p += sizeof v;
    return v;
}

static uint64 uleb(const uint8*& p) {
    uint64 v = 0;
    int32 shift = 0;
    do v |= static_cast<uint64>(*p & 0x7f) << (shift++ * 7);
    while (*p++ & 0x80);
    return v;
}

static int64 sleb(const uint8*& p) {
    const uint8* begin = p;
    uint64 v = uleb(p);
    int64 bits = 7 * (p - begin);
    if (bits < 64 && (p[-1] & 0x40)) v |= ~0ull << bits;
    return static_cast<int64>(v);
}

static const char* cstring(const uint8*& p) {
    auto* s = reinterpret_cast<const char*>(p);
    p += findnull(s) + 1;
    return s;
}

/// A compilation unit.
struct unit {
    const uint8 *begin, *dies, *end;
    const uint8* abbrev;
};

/// An entry of a unit, with the attributes that matter here.
struct die {
    const uint8* at;
    uint64 tag;
    bool children;
    int32 depth;                   // the unit itself is at 1
    const char *name, *linkage, *comp_dir;
    const uint8* origin;           // the entry that says what this one leaves out
    uint64 low, high, ranges;
    uint64 file, line, column;     // where it is declared
    uint64 callfile, callline;     // where it was inlined
    uint64 stmt_list;
    bool hasranges, artificial;
};

static const uint8* abbrevs[1024];   // by code, of abbrevsof's unit
static const uint8* abbrevsof;

static void readabbrevs(const unit& u) {
    if (abbrevsof == u.abbrev) return;
    abbrevsof = u.abbrev;
    memset(abbrevs, 0, sizeof abbrevs);
    for (const uint8* p = u.abbrev; p < file.abbrev.end && *p;) {
        uint64 code = uleb(p);
        if (code < sizeof abbrevs / sizeof abbrevs[0]) abbrevs[code] = p;
        uleb(p);
        p++;
        while (uleb(p) | uleb(p)) {
        }
    }
}

/// The value of an attribute; for a string its address. False: a form of a later DWARF.
static bool readform(const unit& u, const uint8*& p, uint64 form, uint64* v) {
    switch (form) {
    case DW_FORM_addr: case DW_FORM_data8: case DW_FORM_ref_sig8: *v = fixed<uint64>(p); return true;
    case DW_FORM_data1: case DW_FORM_flag: *v = *p++; return true;
    case DW_FORM_data2: *v = fixed<uint16>(p); return true;
    case DW_FORM_data4: case DW_FORM_sec_offset: *v = fixed<uint32>(p); return true;
    case DW_FORM_sdata: *v = static_cast<uint64>(sleb(p)); return true;
    case DW_FORM_udata: *v = uleb(p); return true;
    case DW_FORM_flag_present: *v = 1; return true;
    case DW_FORM_string: *v = reinterpret_cast<uint64>(cstring(p)); return true;
    case DW_FORM_strp: *v = reinterpret_cast<uint64>(file.str.p) + fixed<uint32>(p); return true;
    case DW_FORM_ref_addr: *v = reinterpret_cast<uint64>(file.info.p) + fixed<uint32>(p); return true;
    case DW_FORM_ref1: *v = reinterpret_cast<uint64>(u.begin) + *p++; return true;
    case DW_FORM_ref2: *v = reinterpret_cast<uint64>(u.begin) + fixed<uint16>(p); return true;
    case DW_FORM_ref4: *v = reinterpret_cast<uint64>(u.begin) + fixed<uint32>(p); return true;
    case DW_FORM_ref8: *v = reinterpret_cast<uint64>(u.begin) + fixed<uint64>(p); return true;
    case DW_FORM_ref_udata: *v = reinterpret_cast<uint64>(u.begin) + uleb(p); return true;
    case DW_FORM_block1: *v = *p++; p += *v; return true;
    case DW_FORM_block2: *v = fixed<uint16>(p); p += *v; return true;
    case DW_FORM_block4: *v = fixed<uint32>(p); p += *v; return true;
    case DW_FORM_block: case DW_FORM_exprloc: *v = uleb(p); p += *v; return true;
    case DW_FORM_indirect: form = uleb(p); return readform(u, p, form, v);
    }
    return false;
}

/// The entry at p, which is not the zero that ends a list of children. Returns what follows it, null if it makes no sense.
static const uint8* readdie(const unit& u, const uint8* p, die* d) {
    *d = {};
    d->at = p;
    uint64 code = uleb(p);
    const uint8* a = code < sizeof abbrevs / sizeof abbrevs[0] ? abbrevs[code] : nullptr;
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
        case DW_AT_abstract_origin: case DW_AT_specification: d->origin = reinterpret_cast<const uint8*>(v); break;
        case DW_AT_low_pc: d->low = v; break;
        case DW_AT_high_pc: d->high = v; highoffset = form != DW_FORM_addr; break;
        case DW_AT_ranges: d->ranges = v; d->hasranges = true; break;
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

/// A walk over a unit's entries in the order of the file, parents first.
struct walk {
    const unit& u;
    const uint8* p;
    int32 depth = 1;

    bool next(die* d) {
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
};

static bool isfunction(const die& d) { return d.tag == DW_TAG_subprogram || d.tag == DW_TAG_inlined_subroutine; }
static bool isclass(const die& d) { return d.tag == DW_TAG_class_type || d.tag == DW_TAG_structure_type || d.tag == DW_TAG_union_type; }

/// base: the unit's low_pc, which its ranges count from.
static bool contains(const die& d, uint64 pc, uint64 base) {
    if (!d.hasranges) return d.low <= pc && pc < d.high;
    for (const uint8* p = file.ranges.p + d.ranges; p + 16 <= file.ranges.end;) {
        uint64 low = fixed<uint64>(p), high = fixed<uint64>(p);
        if (low == 0 && high == 0) return false;
        if (low == ~0ull)
            base = high;
        else if (base + low <= pc && pc < base + high)
            return true;
    }
    return false;
}

/// The unit that pc is in, and its own entry.
static bool findunit(uint64 pc, unit* u, die* d) {
    for (const uint8* p = file.info.p; p && p + 11 < file.info.end; p = u->end) {
        u->begin = p;
        uint32 length = fixed<uint32>(p);
        u->end = p + length;
        uint16 version = fixed<uint16>(p);
        u->abbrev = file.abbrev.p + fixed<uint32>(p);
        u->dies = p + 1;               // past the size of an address
        if (length >= 0xfffffff0 || u->end > file.info.end) return false;
        if (version < 2 || version > 4) continue;
        readabbrevs(*u);
        if (readdie(*u, u->dies, d) && contains(*d, pc, d->low)) return true;
    }
    return false;
}

// ---- the pc that is looked up --------------------------------------------------------------------------------------

static uint64 where;             // the pc, as the file counts
static unit cu;
static die cudie;
static const uint8* chain[16];   // the function that pc is in, and what was inlined: outermost first
static int32 nchain;
static symbol sym;

// ---- lines ---------------------------------------------------------------------------------------------------------

struct text {
    char* p;
    char* end;       // room for the final zero is behind it

    void add(const char* s, int64 n) {
        for (; n && p < end; n--) *p++ = *s++;
        *p = 0;
    }
    void add(const char* s) { add(s, findnull(s)); }
    void number(uint64 v) {
        char digits[20];
        int32 i = sizeof digits;
        do digits[--i] = static_cast<char>('0' + v % 10);
        while (v /= 10);
        add(digits + i, static_cast<int64>(sizeof digits) - i);
    }
};

/// The header of a unit's line table, up to where the file names begin.
struct linetable {
    const uint8 *dirs, *files, *program, *end;
    uint8 mininst, linerange, opcodebase;
    int8 linebase;
    const uint8* lengths;        // how many operands each standard opcode has

    explicit linetable(uint64 offset) {
        const uint8* p = file.line.p + offset;
        uint32 length = fixed<uint32>(p);
        end = p + length;
        uint16 version = fixed<uint16>(p);
        uint32 header = fixed<uint32>(p);
        program = p + header;
        if (version < 2 || version > 4 || end > file.line.end) program = end = p;
        mininst = *p++;
        if (version >= 4) p++;   // operations in an instruction: 1
        p++;                     // is_stmt
        linebase = static_cast<int8>(*p++);
        linerange = *p++;
        opcodebase = *p++;
        lengths = p - 1;
        dirs = p += opcodebase - 1;
        while (*p) cstring(p);
        files = p + 1;
    }
};

/// The path of the unit's nth file, without /../ and /./
static void filename(uint64 n, text out) {
    linetable t(cudie.stmt_list);
    const uint8* p = t.files;
    const char* name = "?";
    uint64 dir = 0;
    for (uint64 i = 1; p < t.program && *p; i++) {
        const char* s = cstring(p);
        uint64 of = uleb(p);
        uleb(p), uleb(p);
        if (i == n) name = s, dir = of;
    }
    const char* in = nullptr;
    p = t.dirs;
    for (uint64 i = 1; i <= dir && *p; i++) {
        const char* s = cstring(p);
        if (i == dir) in = s;
    }
    char* begin = out.p;
    const char* parts[] = {cudie.comp_dir, in, name};
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

/// The file (a number of the unit's) and line of where. Runs the unit's line program until a row passes it.
static bool findline(uint64* fileno, uint64* line) {
    linetable t(cudie.stmt_list);
    uint64 addr = 0, f = 1, l = 1;          // the row being made
    uint64 lastaddr = ~0ull, lastf = 0, lastl = 0;
    for (const uint8* p = t.program; p < t.end;) {
        uint8 op = *p++;
        bool row = false, ends = false;
        if (op >= t.opcodebase) {
            uint8 special = op - t.opcodebase;
            addr += special / t.linerange * t.mininst;
            l += t.linebase + special % t.linerange;
            row = true;
        } else {
            switch (op) {
            case 0: {                       // extended
                uint64 n = uleb(p);
                const uint8* next = p + n;
                uint8 sub = *p++;
                if (sub == 1) row = ends = true;
                if (sub == 2) addr = fixed<uint64>(p);
                p = next;
                break;
            }
            case 1: row = true; break;
            case 2: addr += uleb(p) * t.mininst; break;
            case 3: l += sleb(p); break;
            case 4: f = uleb(p); break;
            case 8: addr += (255 - t.opcodebase) / t.linerange * t.mininst; break;
            case 9: addr += fixed<uint16>(p); break;
            default:
                for (uint8 i = 0; i < t.lengths[op]; i++) uleb(p);
            }
        }
        if (!row) continue;
        if (lastaddr <= where && where < addr) {
            *fileno = lastf;
            *line = lastl;
            return true;
        }
        if (l != 0) lastaddr = addr, lastf = f, lastl = l;   // line 0: of no line in particular, so of the one before
        if (ends) addr = 0, f = l = 1, lastaddr = ~0ull;
    }
    return false;
}

// ---- names ---------------------------------------------------------------------------------------------------------

static char runtimedir[192];      // where the runtime's files are, with the last slash
static bool own;                  // package has found the runtime

static int64 dirlen(const char* path) {
    int64 n = 0;
    for (int64 i = 0; path[i]; i++)
        if (path[i] == '/') n = i + 1;
    return n;
}

/// What stands before a name that is in no class and no namespace: Go's package. The runtime's is known by its folder.
static void package(const die& d, text* out) {
    static char path[192];
    filename(d.file, {path, path + sizeof path - 1});
    int64 n = dirlen(path);
    own = n == findnull(runtimedir) && memcmp(path, runtimedir, n) == 0;
    out->add(own ? "runtime." : "main.");
}

/// A name without its template arguments.
static void plainname(const char* name, text* out) {
    int64 n = 0;
    bool op = hasprefix(name, "operator");
    while (name[n] && (name[n] != '<' || (op && n <= 9))) n++;
    out->add(name, n);
}

/// From an entry to the one that has its name, and where that stands: its nearest enclosing class or namespace, and the
/// function around it, if any.
static void lookup(const uint8* at, die* d, die* scope, die* function) {
    const char* linkage = nullptr;
    for (int32 i = 0; i < 4; i++) {
        if (!readdie(cu, at, d)) return;
        if (d->linkage) linkage = d->linkage;
        if (!d->origin || d->origin < cu.begin || d->origin >= cu.end) break;
        at = d->origin;
    }
    d->linkage = linkage;
    // A walk from the top knows the parents: the last entry of each depth.
    static const uint8* parents[64];
    *scope = *function = {};
    walk w{cu, cu.dies};
    static die seen;
    while (w.next(&seen) && seen.at != at)
        if (seen.depth < 64) parents[seen.depth] = seen.at;
    for (int32 depth = seen.depth - 1; depth > 1; depth--) {
        static die parent;
        if (depth >= 64 || !readdie(cu, parents[depth], &parent)) continue;
        if (parent.tag == DW_TAG_subprogram && !function->at) *function = parent;
        if (!function->at && !scope->at && (isclass(parent) || parent.tag == DW_TAG_namespace)) *scope = parent;
    }
}

static bool islambda(const die& d, const die& scope) {
    return d.name && hasprefix(d.name, "operator()") && isclass(scope) && !scope.name;
}

/// Go numbers a function's closures from 1 in the order of the source: how many lambdas of this one come no later?
static uint64 lambdanumber(const die& lambda, const die& function) {
    uint64 n = 0;
    bool inside = false;
    int32 nested = 0;             // depth of a function in the function
    static die d;
    walk w{cu, function.at ? function.at : cu.dies};
    while (w.next(&d)) {
        if (!inside) {
            inside = true;
            continue;
        }
        if (d.depth == 1) break;
        if (nested && d.depth <= nested) nested = 0;
        if (!nested && isclass(d) && !d.name && d.tag != DW_TAG_union_type &&
            (d.line < lambda.line || (d.line == lambda.line && d.column <= lambda.column)))
            n++;
        if (!nested && d.tag == DW_TAG_subprogram) nested = d.depth;
    }
    return n ? n : 1;
}

/// As Go would write it: main.player, main.main.func1, sync.Mutex.Lock.
static void qualifiedname(const uint8* at, text* out, int32 level) {
    static die ds[6], scopes[6], functions[6];     // one of each a level: the stack here is small
    if (level == 6) return;
    die &d = ds[level], &scope = scopes[level], &function = functions[level];
    lookup(at, &d, &scope, &function);
    if (d.linkage && !hasprefix(d.linkage, "_Z")) {
        out->add(d.linkage);
    } else if (islambda(d, scope)) {
        bool inlambda = false;
        if (function.at) {
            qualifiedname(function.at, out, level + 1);
            if (level + 1 < 6) inlambda = islambda(ds[level + 1], scopes[level + 1]);
        } else {
            out->add("main.glob.");
        }
        out->add(inlambda ? "." : ".func");
        out->number(lambdanumber(scope, function));
    } else {
        if (scope.at && scope.name)
            qualifiedname(scope.at, out, level + 1);
        else if (d.tag != DW_TAG_namespace)
            package(d, out);
        if (scope.at && scope.name) out->add(".", 1);
        plainname(!d.name ? "?" : equal(d.name, "detail") ? "runtime" : d.name, out);
    }
}

/// Does the function at depth 1 of a walk take an argument that the program wrote?
static bool hasarguments(const uint8* at) {
    static die d;
    for (int32 i = 0; i < 4; i++) {
        walk w{cu, at};
        if (!w.next(&d)) return true;
        const uint8* origin = d.origin;
        if (d.children)
            while (w.next(&d) && d.depth > 1)
                if (d.depth == 2 && d.tag == DW_TAG_formal_parameter && !d.artificial) {
                    if (d.name || !d.origin) return true;
                    static die named;
                    if (readdie(cu, d.origin, &named) && !named.artificial) return true;
                }
        if (!origin) return false;
        at = origin;
    }
    return true;
}

// ---- one pc ------------------------------------------------------------------------------------------------------------

/// Sets what the functions above work on. Returns how many functions pc is in.
static int32 locate(uintptr pc) {
    sym = findsymbol(pc);
    where = pc - file.base;
    nchain = 0;
    if (!sym.name || !findunit(where, &cu, &cudie)) {
        cudie = {};
        return sym.name != nullptr;
    }
    static die d;
    for (walk w{cu, cu.dies}; w.next(&d);) {
        if (!isfunction(d) || !contains(d, where, cudie.low)) continue;
        if (d.tag == DW_TAG_subprogram) nchain = 0;
        if (nchain < static_cast<int32>(sizeof chain / sizeof chain[0])) chain[nchain++] = d.at;
    }
    return nchain ? nchain : 1;
}

/// The ith of them, the innermost being the 0th.
static void describe(int32 i, funcinfo* f) {
    *f = {};
    f->entry = sym.entry;
    f->inlined = i < nchain - 1;
    f->args = true;
    text name = {f->name, f->name + sizeof f->name - 1}, path = {f->file, f->file + sizeof f->file - 1};
    int32 c = nchain - 1 - i;      // chain begins with the outermost, callers ask for the innermost first
    own = false;
    if (nchain == 0 || (!f->inlined && !hasprefix(sym.name, "_Z")))
        name.add(sym.name);
    else
        qualifiedname(chain[c], &name, 0);
    f->own = own;
    if (!cudie.at) return;

    uint64 fileno = 0;
    if (i == 0) {
        if (!findline(&fileno, &f->line)) return;
    } else {
        static die inner;
        readdie(cu, chain[c + 1], &inner);
        fileno = inner.callfile;
        f->line = inner.callline;
    }
    filename(fileno, path);
    if (nchain) f->args = hasarguments(chain[c]);
}

/// Where was throw compiled?
static void findruntime() {
    uint64 fileno, line;
    if (!locate(reinterpret_cast<uintptr>(throw_)) || !cudie.at || !findline(&fileno, &line)) return;
    filename(fileno, {runtimedir, runtimedir + sizeof runtimedir - 1});
    runtimedir[dirlen(runtimedir)] = 0;
}

const place* findpc(uintptr pc) {
    openfile();
    if (!places) return nullptr;
    place* p = &places[pc % nplaces];
    if (p->pc != pc) {
        p->pc = pc;
        p->n = locate(pc);
        if (p->n > static_cast<int32>(sizeof p->f / sizeof p->f[0])) p->n = sizeof p->f / sizeof p->f[0];
        for (int32 i = 0; i < p->n; i++) describe(i, &p->f[i]);
    }
    return p->n ? p : nullptr;
}
