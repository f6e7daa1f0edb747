// findpc.cpp - what the program's own file says of a pc: which functions it is in, and on which line of the source.
//
// Go's linker writes tables for this into the program (symtab.go reads them). Here the compiler's DWARF 4 stands for
// them: elf_file finds the sections, dwarf_info reads entries, dwarf_line the lines. Without the file, or without its
// debug information, a report has the names of the symbol table, or bare pcs.
//
// Everything runs on g0 or gsignal, by the one M that holds paniclk: hence the static buffers and the small frames.

#include "debug/dwarf_info.hpp"
#include "debug/dwarf_line.hpp"
#include "debug/elf_file.hpp"
#include "debug/text.hpp"
#include "os_linux.hpp"
#include "runtime.hpp"
#include "symtab.hpp"

namespace dwarf {

// ---- the pc that is looked up --------------------------------------------------------------------------------------

static uint64 where;  // the pc, as the file counts
static unit cu;
static die cudie;
static const uint8* chain[16];  // the function that pc is in, and what was inlined: outermost first
static int32 nchain;
static symbol sym;

// ---- names ---------------------------------------------------------------------------------------------------------

static char runtimedir[192];  // where the runtime's files are, with the last slash
static bool own;              // package has found the runtime

static int64 dirlen(const char* path) {
    int64 n = 0;
    for (int64 i = 0; path[i]; i++)
        if (path[i] == '/') n = i + 1;
    return n;
}

/// What stands before a name that is in no class and no namespace: Go's package. The runtime's is known by its folder.
static void package(const die& d, text* out) {
    static char path[192];
    filename(cu, cudie, d.file, {path, path + sizeof path - 1});
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
    *scope = *function = {};
    for (int32 i = 0; i < 4; i++) {
        if (!readdie(cu, at, d)) return;
        if (d->linkage) linkage = d->linkage;
        if (!d->origin || d->origin < cu.begin || d->origin >= cu.end) break;
        at = d->origin;
    }
    d->linkage = linkage;
    // A walk from the top knows the parents: the last entry of each depth.
    static const uint8* parents[64];
    walk w{cu, cu.dies};
    static die seen;
    while (w.next(&seen) && seen.at != at)
        if (seen.depth < 64) parents[seen.depth] = seen.at;
    for (int32 depth = seen.depth - 1; depth > 1; depth--) {
        static die parent;
        if (depth >= 64 || !readdie(cu, parents[depth], &parent)) continue;
        if (parent.tag == DW_TAG_subprogram && !function->at) *function = parent;
        if (!function->at && !scope->at && (isclass(parent) || (parent.tag == DW_TAG_namespace && parent.name)))
            *scope = parent;
    }
}

static bool islambda(const die& d, const die& scope) {
    return d.name && hasprefix(d.name, "operator()") && isclass(scope) && !scope.name;
}

/// Go numbers a function's closures from 1 in the order of the source: how many lambdas of this one come no later?
static uint64 lambdanumber(const die& lambda, const die& function) {
    uint64 n = 0;
    bool inside = false;
    int32 nested = 0;  // depth of a function in the function
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
    static die ds[6], scopes[6], functions[6];  // one of each a level: the stack here is small
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
        plainname(!d.name ? "?" : str(d.name) == str("detail") ? "runtime" : d.name, out);
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

// ---- one pc ---------------------------------------------------------------------------------------------------------

/// Sets what the functions above work on. Returns how many functions pc is in.
static int32 locate(uintptr pc) {
    sym = findsymbol(pc);
    where = pc - elf::self().base;
    nchain = 0;
    if (!sym.name || !findunit(elf::self(), where, &cu, &cudie)) {
        cudie = {};
        return sym.name != nullptr;
    }
    static die d;
    for (walk w{cu, cu.dies}; w.next(&d);) {
        if (!isfunction(d) || !contains(cu, d, where, cudie.low)) continue;
        if (d.tag == DW_TAG_subprogram) nchain = 0;
        if (nchain < len(chain)) chain[nchain++] = d.at;
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
    int32 c = nchain - 1 - i;  // chain begins with the outermost, callers ask for the innermost first
    own = false;
    if (nchain == 0 || (!f->inlined && !hasprefix(sym.name, "_Z")))
        name.add(sym.name);
    else
        qualifiedname(chain[c], &name, 0);
    f->own = own;
    if (!cudie.at) return;

    uint64 fileno = 0;
    if (i == 0) {
        if (!findline(cu, cudie, where, &fileno, &f->line)) return;
    } else {
        static die inner;
        if (!readdie(cu, chain[c + 1], &inner)) return;
        fileno = inner.callfile;
        f->line = inner.callline;
    }
    filename(cu, cudie, fileno, path);
    if (nchain) f->args = hasarguments(chain[c]);
}

/// Where was throw compiled?
static void findruntime() {
    uint64 fileno, line;
    if (!locate(reinterpret_cast<uintptr>(throw_)) || !cudie.at || !findline(cu, cudie, where, &fileno, &line)) return;
    filename(cu, cudie, fileno, {runtimedir, runtimedir + sizeof runtimedir - 1});
    runtimedir[dirlen(runtimedir)] = 0;
}

// A thousand goroutines often stand at the same few places: what was found is kept.
static constexpr uintptr nplaces = 127;
static place* places;

/// Memory that comes from the system: the heap may be what is broken.
static void begin() {
    static bool begun;
    if (begun) return;
    begun = true;
    void* v = sysMmap(nullptr, nplaces * sizeof(place), _PROT_READ | _PROT_WRITE, _MAP_PRIVATE | _MAP_ANON, -1, 0);
    if (mmapfailed(v)) return;
    places = static_cast<place*>(v);
    findruntime();
}

}  // namespace dwarf

const place* findpc(uintptr pc) {
    using namespace dwarf;
    begin();
    if (!places) return nullptr;
    place* p = &places[pc % nplaces];
    if (p->pc != pc) {
        p->pc = pc;
        p->n = locate(pc);
        if (p->n > len(p->f)) p->n = len(p->f);
        for (int32 i = 0; i < p->n; i++) describe(i, &p->f[i]);
    }
    return p->n ? p : nullptr;
}
