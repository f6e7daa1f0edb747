// elf.cpp - fuzzes what a report reads: the program's file, its symbols and its DWARF (runtime/debug). Whatever is in
// that file, findpc returns. Its files are compiled as one, so that each input can begin with nothing known.

#define RUNTIME_VARIABLES_ARE_HERE
#include "../../runtime/debug/dwarf_info.cpp"
#include "../../runtime/debug/dwarf_line.cpp"
#include "../../runtime/debug/elf_file.cpp"
#include "../../runtime/debug/findpc.cpp"

extern "C" {
void* malloc(size_t);
void free(void*);
[[noreturn]] void abort();
int LLVMFuzzerTestOneInput(const uint8* data, size_t size);
}

// What these files ask of the others.
int32 open_(const char*, int32, int32) { return -1; }
int64 closefd(int32) { return 0; }
int64 read_(int32, void*, uintptr) { return 0; }
void throw_(const char*) { abort(); }

/// For the places: findpc asks once.
void* sysMmap(void*, uintptr n, int32, int32, int32, uintptr) { return memset(malloc(n), 0, n); }

/// A block of exactly this size, beyond which AddressSanitizer lets nobody read.
int LLVMFuzzerTestOneInput(const uint8* data, size_t size) {
    auto* file = static_cast<uint8*>(malloc(size));
    memcpy(file, data, size);
    elf::tried = true;
    elf::image = {};
    elf::readsections(file, size);
    dwarf::abbrevsof = nullptr;
    dwarf::begin();
    memset(dwarf::places, 0, dwarf::nplaces * sizeof(place));

    const elf::file& f = elf::self();
    int32 n = 0;
    for (const uint8* s = f.symtab.p; s && n < 4 && f.symtab.end - s >= 24; s += sizeof(elf::Sym)) {
        elf::Sym sym;
        memcpy(&sym, s, sizeof sym);
        if ((sym.st_info & elf::STT_MASK) != elf::STT_FUNC) continue;
        n++;
        static_cast<void>(findpc(sym.st_value));
        static_cast<void>(findpc(sym.st_value + sym.st_size / 2));
    }
    free(file);
    return 0;
}
