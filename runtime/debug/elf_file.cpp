// elf_file.cpp - opens the program's own file, and finds the symbol of a pc in it. Go's counterparts: symtab.go,
// debug/elf.
//
// What the linkers lay out for debuggers is not loaded, so the file is read when a report is written, and not before:
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

/// Is [offset, offset + n) in the first size bytes, and can a table stand there?
static bool within(uint64 offset, uint64 n, uint64 size) {
    return offset <= size && n <= size - offset && offset % 8 == 0;
}

/// A section of strings ends with the last of them that is whole.
static void wholestrings(section* s) {
    while (s->p < s->end && s->end[-1]) s->end--;
}

const char* string(const section& s, uint64 offset) {
    return offset < static_cast<uint64>(s.end - s.p) ? reinterpret_cast<const char*>(s.p + offset) : nullptr;
}

/// Nothing that stands in the file is believed before it is looked at: it may be damaged.
static void readsections(const uint8* begin, uintptr size) {
    if (size < sizeof(Ehdr)) return;
    auto* eh = reinterpret_cast<const Ehdr*>(begin);
    if (!within(eh->e_shoff, eh->e_shnum * sizeof(Shdr), size) || eh->e_shstrndx >= eh->e_shnum) return;
    auto* sh = reinterpret_cast<const Shdr*>(begin + eh->e_shoff);
    auto content = [&](const Shdr& s) -> section {
        if (s.sh_offset > size || s.sh_size > size - s.sh_offset) return {};
        return {begin + s.sh_offset, begin + s.sh_offset + s.sh_size};
    };
    section names = content(sh[eh->e_shstrndx]);
    wholestrings(&names);
    struct {
        const char* name;
        section* s;
    } const wanted[] = {{".symtab", &image.symtab},       {".strtab", &image.strtab},   {".debug_info", &image.info},
                        {".debug_abbrev", &image.abbrev}, {".debug_line", &image.line}, {".debug_str", &image.str},
                        {".debug_ranges", &image.ranges}};
    for (uint32 i = 0; i < eh->e_shnum; i++) {
        if (sh[i].sh_type == SHT_NOBITS || sh[i].sh_flags & SHF_COMPRESSED) continue;
        const char* name = string(names, sh[i].sh_name);
        for (auto& w : wanted)
            if (name && str(name) == str(w.name)) *w.s = content(sh[i]);
    }
    wholestrings(&image.strtab);
    wholestrings(&image.str);
    if (!image.strtab.p || reinterpret_cast<uintptr>(image.symtab.p) % alignof(Sym) != 0) image.symtab = {};
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
    // A copy: who touches a mapping of a file that was cut short since, or is now, gets a SIGBUS.
    uintptr size = loaded->e_shoff + loaded->e_shnum * sizeof(Shdr), n = 0;
    void* v = sysMmap(nullptr, size, _PROT_READ | _PROT_WRITE, _MAP_PRIVATE | _MAP_ANON, -1, 0);
    if (!mmapfailed(v)) {
        auto* begin = static_cast<uint8*>(v);
        for (int64 got; n < size && (got = read_(fd, begin + n, size - n)) > 0;) n += static_cast<uintptr>(got);
        // Is it this program's file?
        if (n == size && size >= sizeof(Ehdr) && memcmp(begin, loaded, sizeof(Ehdr)) == 0) readsections(begin, size);
    }
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
    auto* end = reinterpret_cast<const elf::Sym*>(f.symtab.p) + (f.symtab.end - f.symtab.p) / sizeof(elf::Sym);
    for (auto* s = reinterpret_cast<const elf::Sym*>(f.symtab.p); s < end; s++) {
        if ((s->st_info & elf::STT_MASK) != elf::STT_FUNC || pc < s->st_value || pc - s->st_value >= s->st_size)
            continue;
        const char* name = elf::string(f.strtab, s->st_name);
        if (!name) continue;
        found = {s->st_value + f.base, name};
        if (!hasprefix(found.name, "_Z")) break;
    }
    return found;
}
