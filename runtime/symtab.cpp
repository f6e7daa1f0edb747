// symtab.cpp - what the linker laid out: the module and its bounds. Go's counterparts: symtab.go, type.go, iface.go.

#include "runtime.hpp"

#include "symtab.hpp"

extern "C" [[gnu::visibility("hidden")]] uint8 __ehdr_start[], etext[], edata[], end[];
extern "C" void _rt0_amd64_linux();

struct moduledata {
    uintptr text, etext;
    uintptr edata, end;
};

static moduledata firstmoduledata;
static slice<moduledata*> modulesSlice;
static moduledata* modules[1];

/// Go checks that its table of functions is sorted and complete. Here the linker's own account stands for it: is the
/// entry point in the text, and do the segments follow each other?
void moduledataverify1(moduledata* d) {
    uintptr entry = reinterpret_cast<uintptr>(_rt0_amd64_linux);
    if (entry < d->text || entry >= d->etext) throw_("moduledataverify: the entry point is not in the text");
    if (d->etext > d->edata || d->edata > d->end) throw_("moduledataverify: segments out of order");
}

void moduledataverify() {
    firstmoduledata = {reinterpret_cast<uintptr>(__ehdr_start), reinterpret_cast<uintptr>(etext),
                       reinterpret_cast<uintptr>(edata), reinterpret_cast<uintptr>(end)};
    moduledataverify1(&firstmoduledata);
}

bool findmoduledatap(uintptr pc) { return firstmoduledata.text <= pc && pc < firstmoduledata.etext; }

/// One module: this program. Plugins would add more.
void modulesinit() {
    modules[0] = &firstmoduledata;
    modulesSlice = {modules, 1, 1};
}

/// With one module there are no duplicate types to find: Go returns at once too.
void typelinksinit() {}

/// C++ has its virtual tables from the compiler; there are no interface tables to fill.
void itabsinit() {}
