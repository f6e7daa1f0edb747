"""What one program's memory says, now or at a moment that was kept: structures, lists, names.

Nothing is printed, nothing is written.
One model for two worlds: the rt0lab runtime (types `g`, variables `g0`) and Go (`runtime.g`, `runtime.g0`). Offsets,
sizes, enum values and array lengths come from DWARF, addresses from the ELF file. The words that everybody uses are
handed on here: `program.world()`, `program.read_struct("g", address)`, `program.Problem`.
"""

from .answers import done, in_records, told
from .layout import SLICE, STRING, Layout, Leaf, Struct, bare, fields_of, type_name
from .lists import (
    Chain,
    all_ms,
    all_p_addresses,
    chain,
    global_queue,
    idle_ms,
    idle_ps,
    is_sysmon,
    locked,
    p_of,
    run_queue,
    wait_reason,
    wait_reason_text,
)
from .memory import (
    alive,
    auxv,
    calls,
    connected,
    current_g,
    elements,
    fresh_register,
    is_stopped,
    older,
    on_core,
    on_view,
    pid,
    procids_are_gdbs,
    read,
    read_struct,
    read_text,
    read_word,
    register,
    reread,
    scalar,
    selected_thread,
    stopped_threads,
    symbol_of,
    text,
    tls_g,
    thread,
    variable,
)
from .problem import Lacking, Problem, Unreadable
from .recording import recorded, rewound
from .worlds import (
    World,
    file_of,
    glanced,
    holding,
    home,
    loaded,
    moved,
    moves,
    name_of,
    objfile,
    world,
    writes,
    written,
)
