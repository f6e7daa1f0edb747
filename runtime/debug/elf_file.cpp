// elf_file.cpp - opens the program's own file, and finds the symbol of a pc in it. Go's counterparts: symtab.go,
// debug/elf.
//
// What the linkers lay out for debuggers is not loaded, so the file is mapped when a report is written, and not before:
// a program that does not fail never opens it.

#include "debug/elf_file.hpp"

#include "os_linux.hpp"
#include "runtime.hpp"
#include "symtab.hpp"

extern "C" [[gnu::visibility("hidden")]] const uint8 __ehdr_start[];

namespace elf {

namespace {

constexpr uint32 PT_LOAD = 1, SHT_NOBITS = 8, SHF_COMPRESSED = 0x800, STT_FUNC = 2, STT_MASK = 15;

struct Ehdr {
    uint8 e_ident[16];
    uint16 e_type, e_machine;
    uint32 e_version;
    uint64 e_entry, e_phoff, e_shoff;
    uint32 e_flags;
    uint16 e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct Phdr {
    uint32 p_type, p_flags;
    uint64 p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

struct Shdr {
    uint32 sh_name, sh_type;
    uint64 sh_flags, sh_addr, sh_offset, sh_size;
    uint32 sh_link, sh_info;
    uint64 sh_addralign, sh_entsize;
};

struct Sym {
    uint32 st_name;
    uint8 st_info, st_other;
    uint16 st_shndx;
    uint64 st_value, st_size;
};

}  // namespace

static bool tried;
static file image;

/// The linkers write the section headers last: where they end, the file ends.
static void readsections(const uint8* begin, uintptr size) {
    auto* eh = reinterpret_cast<const Ehdr*>(begin);
    auto* sh = reinterpret_cast<const Shdr*>(begin + eh->e_shoff);
    struct {
        const char* name;
        section* s;
    } const wanted[] = {{".symtab", &image.symtab},       {".strtab", &image.strtab},   {".debug_info", &image.info},
                        {".debug_abbrev", &image.abbrev}, {".debug_line", &image.line}, {".debug_str", &image.str},
                        {".debug_ranges", &image.ranges}};
    for (uint32 i = 0; i < eh->e_shnum; i++) {
        if (sh[i].sh_type == SHT_NOBITS || sh[i].sh_flags & SHF_COMPRESSED || sh[i].sh_offset + sh[i].sh_size > size)
            continue;
        auto* name = reinterpret_cast<const char*>(begin + sh[eh->e_shstrndx].sh_offset + sh[i].sh_name);
        for (auto& w : wanted)
            if (str(name) == str(w.name)) *w.s = {begin + sh[i].sh_offset, begin + sh[i].sh_offset + sh[i].sh_size};
    }
    if (!image.strtab.p) image.symtab = {};
    if (!image.abbrev.p || !image.line.p || !image.str.p) image.info = {};
}

static void openfile() {
    auto* loaded = reinterpret_cast<const Ehdr*>(__ehdr_start);
    auto* ph = reinterpret_cast<const Phdr*>(__ehdr_start + loaded->e_phoff);
    for (uint32 i = 0; i < loaded->e_phnum; i++)
        if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0)
            image.base = reinterpret_cast<uintptr>(__ehdr_start) - ph[i].p_vaddr;

    int32 fd = open_("/proc/self/exe", _O_CLOEXEC, 0);
    if (fd < 0) return;
    uintptr size = loaded->e_shoff + loaded->e_shnum * sizeof(Shdr);
    void* v = sysMmap(nullptr, size, _PROT_READ, _MAP_PRIVATE, fd, 0);
    // Is it this program's file? And did nobody cut it short?
    if (!mmapfailed(v) && memcmp(v, loaded, sizeof(Ehdr)) == 0 && loaded->e_shoff != 0)
        readsections(static_cast<const uint8*>(v), size);
    closefd(fd);
}

const file& self() {
    if (!tried) {
        tried = true;
        openfile();
    }
    return image;
}

}  // namespace elf

symbol findsymbol(uintptr pc) {
    const elf::file& f = elf::self();
    symbol found = {};
    pc -= f.base;
    auto* end = reinterpret_cast<const elf::Sym*>(f.symtab.end);
    for (auto* s = reinterpret_cast<const elf::Sym*>(f.symtab.p); s < end; s++) {
        if ((s->st_info & elf::STT_MASK) != elf::STT_FUNC || pc < s->st_value || pc >= s->st_value + s->st_size)
            continue;
        found = {s->st_value + f.base, reinterpret_cast<const char*>(f.strtab.p + s->st_name)};
        if (!hasprefix(found.name, "_Z")) break;
    }
    return found;
}
