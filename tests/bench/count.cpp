// count.cpp - counts what an operation of a figure does, which a busy machine does not change: instructions, loads,
// stores, locked instructions, cache lines. `count PROGRAM FIGURE N MAIN SYSMON BEGIN AT END AFTER [PART...]` runs
// PROGRAM FIGURE N with one P and steps through it, instruction by instruction, from the AT-th time that it is at BEGIN
// until it has then been at END, AFTER times. All but FIGURE, N, AT and AFTER are addresses of functions, hexadecimal;
// runner/bench/explain.py finds them and shows what is printed: a line for each instruction, its address and six sums.
//
// One thread is stepped, all others stand still. What makes runs alike:
// - sysmon is held at its first instruction, from birth: it would preempt whoever is stepped so slowly;
// - the other Ms are held when main.main begins, where they sleep: only the main goroutine runs, on the one P;
// - the address space is not randomised, and environment and file name are always the same: on a stack some bytes
//   lower an operation may touch one line more.
//
// A line is one of 64 bytes; each is counted once per operation, for the instruction that touches it first. An
// operation begins at BEGIN, and at END; those in PARTs, which do not follow each other (to start a thousand goroutines,
// then to run them), also there. What a prefetch asks for is not counted, nor what the kernel does.

#include <Zydis/Zydis.h>
#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

using Address = uint64_t;

static constexpr int FAILED = 1, MACHINE = 3;
static constexpr Address LINE = 64;

[[noreturn]] static void die(int status, const char* format, ...) {
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(status);  // PTRACE_O_EXITKILL ends the program
}

// ---- the program: started, stopped, continued -----------------------------------------------------------------------

static pid_t process;

/// Waits until a thread (or any, -1) stops, and returns which; status as waitpid has it. One that ends stops first: the
/// process is not seen to end while threads of it are held.
static pid_t stopped(pid_t thread, int* status) {
    pid_t which = waitpid(thread, status, __WALL);
    if (which < 0) die(FAILED, "waitpid: %s", strerror(errno));
    if (!WIFSTOPPED(*status) || *status >> 16 == PTRACE_EVENT_EXIT)
        die(FAILED, "the program ended before so many operations were done");
    return which;
}

static user_regs_struct registers(pid_t thread) {
    user_regs_struct all;
    if (ptrace(PTRACE_GETREGS, thread, nullptr, &all) != 0) die(FAILED, "ptrace: %s", strerror(errno));
    return all;
}

static void go_on(__ptrace_request how, pid_t thread, int signal = 0) {
    if (ptrace(how, thread, nullptr, static_cast<long>(signal)) != 0) die(FAILED, "ptrace: %s", strerror(errno));
}

/// Starts the program by its name in its folder, whose path would stand on its stack; it is stopped in front of its
/// first instruction.
static void start(char* path, char* figure, char* n) {
    process = fork();
    if (process == 0) {
        std::string name = std::string("./") + basename(strdup(path));
        char one[] = "GOMAXPROCS=1";
        char *arguments[] = {name.data(), figure, n, nullptr}, *environment[] = {one, nullptr};
        int nowhere = open("/dev/null", O_RDWR);
        for (int fd : {0, 1, 2}) dup2(nowhere, fd);
        if (personality(ADDR_NO_RANDOMIZE) < 0 || ptrace(PTRACE_TRACEME) != 0) _exit(MACHINE);
        if (chdir(dirname(path)) == 0) execve(name.data(), arguments, environment);
        _exit(FAILED);
    }
    int status;
    if (waitpid(process, &status, 0) != process || !WIFSTOPPED(status)) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == MACHINE) die(MACHINE, "ptrace is not permitted here");
        die(FAILED, "cannot run the program");
    }
    long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
    if (ptrace(PTRACE_SETOPTIONS, process, nullptr, options) != 0) die(MACHINE, "ptrace: %s", strerror(errno));
}

/// A breakpoint: the instruction's first byte is int3 while it is set.
class Breakpoint {
public:
    explicit Breakpoint(Address where) : where(where) { set(); }
    void set() { before = put(0xcc); }
    void remove() { put(before); }

    /// Whether the thread has just run into it; if so, it stands in front of the instruction again.
    bool hit(pid_t thread) {
        user_regs_struct all = registers(thread);
        if (all.rip != where + 1) return false;
        all.rip = where;
        ptrace(PTRACE_SETREGS, thread, nullptr, &all);
        return true;
    }

private:
    Address where;
    uint8_t before = 0;

    /// Puts a byte there, and returns the one that was there. Its neighbours, which are written too, may be another's.
    uint8_t put(uint8_t byte) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKTEXT, process, where, nullptr);
        if (errno != 0) die(FAILED, "no instruction at %#lx", static_cast<unsigned long>(where));
        ptrace(PTRACE_POKETEXT, process, where, (word & ~0xffL) | byte);
        return static_cast<uint8_t>(word);
    }
};

/// Whether the thread is about to wait, or waits, until another one wakes it.
static bool waits(const user_regs_struct& all, Address number) {
    int what = static_cast<int>(all.rsi) & 0x7f;
    return number == SYS_futex && (what == 0 || what == 9);  // FUTEX_WAIT, FUTEX_WAIT_BITSET
}

/// Whether this stop of the thread is in front of a system call.
static bool calls(int status, const user_regs_struct& all) {
    return WSTOPSIG(status) == (SIGTRAP | 0x80) && static_cast<int64_t>(all.rax) == -ENOSYS;
}

/// Stops a thread where it sleeps, or is about to: until then it may hold a lock.
static void hold(pid_t thread) {
    int status;
    syscall(SYS_tgkill, process, thread, SIGSTOP);
    do {
        stopped(thread, &status);
        user_regs_struct all = registers(thread);
        if (waits(all, all.orig_rax) && (WSTOPSIG(status) == SIGSTOP || calls(status, all))) return;
        go_on(PTRACE_SYSCALL, thread);
    } while (true);
}

/// Runs until main.main begins, and returns the thread that is there. All others are held then, sysmon since its birth,
/// which may come late: its thread is new.
static pid_t until_main(Address main, Address sysmon) {
    Breakpoint at_main(main), at_sysmon(sysmon);
    std::set<pid_t> running{process};
    pid_t ours = 0;
    bool born = false;
    go_on(PTRACE_CONT, process);
    while (ours == 0 || !born) {
        int status;
        pid_t thread = stopped(-1, &status);
        int signal = WSTOPSIG(status);
        if (signal == SIGSTOP && running.insert(thread).second) signal = 0;  // a new one begins with it
        if (status >> 8 == SIGTRAP && (at_main.hit(thread) || at_sysmon.hit(thread))) {
            if (registers(thread).rip == main)
                ours = thread;
            else
                born = true;
            running.erase(thread);
            continue;
        }
        go_on(PTRACE_CONT, thread, signal == SIGTRAP ? 0 : signal);
    }
    at_main.remove(), at_sysmon.remove();
    for (pid_t other : running) hold(other);
    return ours;
}

[[noreturn]] static void needs_another() {
    die(FAILED, "its thread waits for another one; only a figure that one thread can run is counted");
}

/// Runs the thread to where it comes to the function for the n-th time.
static void until(pid_t thread, Address function, long n) {
    Breakpoint there(function);
    for (long met = 0;;) {
        int status;
        go_on(PTRACE_SYSCALL, thread);
        while (stopped(thread, &status), status >> 8 != SIGTRAP) {
            user_regs_struct all = registers(thread);
            if (calls(status, all) && waits(all, all.orig_rax)) needs_another();
            int signal = WSTOPSIG(status) & 0x7f;
            go_on(PTRACE_SYSCALL, thread, signal == SIGTRAP ? 0 : signal);
        }
        if (!there.hit(thread)) continue;
        there.remove();
        if (++met == n) return;
        go_on(PTRACE_SINGLESTEP, thread);
        stopped(thread, &status);
        there.set();
    }
}

// ---- instructions: decoded once, counted each time ------------------------------------------------------------------

struct Instruction {
    ZydisDecodedInstruction what;
    std::vector<ZydisDecodedOperand> memory;  // what it reads or writes
    bool locked, repeats, system;
    uint64_t times = 0, loads = 0, stores = 0, lines = 0, written = 0;
};

static Instruction decoded(Address pc) {
    static const ZydisDecoder decoder = [] {
        ZydisDecoder made;
        ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        return made;
    }();
    uint8_t code[ZYDIS_MAX_INSTRUCTION_LENGTH];
    iovec here{code, sizeof code}, there{reinterpret_cast<void*>(pc), sizeof code};
    ssize_t n = process_vm_readv(process, &here, 1, &there, 1, 0);
    Instruction made{};
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (n <= 0 || !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, static_cast<size_t>(n), &made.what, operands)))
        die(FAILED, "cannot decode the instruction at %#lx", static_cast<unsigned long>(pc));
    bool none = made.what.mnemonic == ZYDIS_MNEMONIC_NOP || made.what.meta.category == ZYDIS_CATEGORY_PREFETCH;
    for (int i = 0; i < made.what.operand_count && !none; i++)
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY && operands[i].mem.type == ZYDIS_MEMOP_TYPE_MEM)
            made.memory.push_back(operands[i]);
    made.locked = (made.what.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0 ||
                  (made.what.mnemonic == ZYDIS_MNEMONIC_XCHG && !made.memory.empty());
    made.repeats = (made.what.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPNE)) != 0;
    made.system = made.what.mnemonic == ZYDIS_MNEMONIC_SYSCALL;
    return made;
}

/// The address that an operand means, before the instruction is done.
static Address effective(const Instruction& instruction, const ZydisDecodedOperand& operand,
                         const user_regs_struct& all) {
    ZydisRegisterContext context{};
    auto& value = context.values;
    value[ZYDIS_REGISTER_RAX] = all.rax, value[ZYDIS_REGISTER_RBX] = all.rbx, value[ZYDIS_REGISTER_RCX] = all.rcx;
    value[ZYDIS_REGISTER_RDX] = all.rdx, value[ZYDIS_REGISTER_RSI] = all.rsi, value[ZYDIS_REGISTER_RDI] = all.rdi;
    value[ZYDIS_REGISTER_RBP] = all.rbp, value[ZYDIS_REGISTER_RSP] = all.rsp, value[ZYDIS_REGISTER_R8] = all.r8;
    value[ZYDIS_REGISTER_R9] = all.r9, value[ZYDIS_REGISTER_R10] = all.r10, value[ZYDIS_REGISTER_R11] = all.r11;
    value[ZYDIS_REGISTER_R12] = all.r12, value[ZYDIS_REGISTER_R13] = all.r13, value[ZYDIS_REGISTER_R14] = all.r14;
    value[ZYDIS_REGISTER_R15] = all.r15;
    Address where = 0;
    if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddressEx(&instruction.what, &operand, all.rip, &context, &where)))
        die(FAILED, "cannot tell the address that the instruction at %#llx means", all.rip);
    if (operand.mem.segment == ZYDIS_REGISTER_FS) where += all.fs_base;
    if (operand.mem.segment == ZYDIS_REGISTER_GS) where += all.gs_base;
    bool pushed = operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && operand.mem.base == ZYDIS_REGISTER_RSP &&
                  (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    return pushed ? where - operand.size / 8 : where;
}

/// Steps until the thread has been so often at the first of these functions, and counts. What it stands at when it
/// begins is not among them.
static std::unordered_map<Address, Instruction> counted(pid_t thread, const std::vector<Address>& parts, long n) {
    std::unordered_map<Address, Instruction> known;
    std::unordered_set<Address> touched, written;
    Address before = 0;
    for (long done = 0;;) {
        user_regs_struct all = registers(thread);
        for (Address part : parts)
            if (all.rip == part) {
                touched.clear(), written.clear();
                if (part == parts[0] && before != 0 && ++done == n) return known;
            }
        auto place = known.find(all.rip);
        if (place == known.end()) place = known.emplace(all.rip, decoded(all.rip)).first;
        Instruction& instruction = place->second;
        bool again = instruction.repeats && before == all.rip;  // rep stos: a step for each word, but one instruction
        instruction.times += !again;
        before = all.rip;
        if (instruction.system && waits(all, all.rax)) needs_another();
        for (const ZydisDecodedOperand& operand : instruction.memory) {
            bool writes = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
            instruction.loads += !again && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
            instruction.stores += !again && writes;
            Address first = effective(instruction, operand, all);
            for (Address line = first / LINE; line <= (first + operand.size / 8 - 1) / LINE; line++) {
                instruction.lines += touched.insert(line).second;
                if (writes) instruction.written += written.insert(line).second;
            }
        }
        int status, signal = 0;
        do {
            go_on(PTRACE_SINGLESTEP, thread, signal);
            stopped(thread, &status);
            signal = WSTOPSIG(status);
        } while (signal != SIGTRAP || status >> 16 != 0);
    }
}

/// Both on one processor from here on: to wake another one at each step takes several times as long.
static void together(pid_t thread) {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(sched_getcpu(), &here);
    sched_setaffinity(0, sizeof here, &here);
    sched_setaffinity(thread, sizeof here, &here);
}

int main(int count, char** arguments) {
    if (count < 10) die(2, "usage: count PROGRAM FIGURE N MAIN SYSMON BEGIN AT END AFTER [PART...]");
    auto address = [&](int i) { return strtoull(arguments[i], nullptr, 16); };
    std::vector<Address> parts{address(8), address(6)};
    for (int i = 10; i < count; i++) parts.push_back(address(i));
    if (parts[0] == parts[1]) parts.erase(parts.begin());
    start(arguments[1], arguments[2], arguments[3]);
    pid_t thread = until_main(address(4), address(5));
    together(thread);
    until(thread, address(6), atol(arguments[7]));
    auto known = counted(thread, parts, atol(arguments[9]));
    for (const auto& [pc, one] : std::map<Address, Instruction>(known.begin(), known.end()))
        printf("%lx %lu %lu %lu %lu %lu %lu\n", pc, one.times, one.loads, one.stores, one.locked ? one.times : 0,
               one.lines, one.written);
}
