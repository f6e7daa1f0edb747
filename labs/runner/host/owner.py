"""Whose process, whose core file: the program that belongs to it."""

import os
import re
import struct

from rt0lab.formats import untrusted

from rt0lab.words import tr

from ..failure import MACHINE, USAGE, Failure

MAX_CORE = 1 << 46  # bytes; a core file is never read as a whole
AT_ENTRY = 9


def program_of_process(number: int) -> str:
    """The file that a process runs, also one that was replaced or is in another container."""
    link = f"/proc/{number}/exe"
    try:
        with open(f"/proc/{number}/status") as file:
            holders = re.findall(r"^TracerPid:\s*([1-9]\d*)", file.read(), re.M)
        path = os.readlink(link)
        path = path if os.path.exists(path) and os.path.samefile(path, link) else link
    except FileNotFoundError:
        raise Failure(tr("there is no process {number}", number=number), USAGE) from None
    except PermissionError:
        raise Failure(
            tr(
                "process {number} may not be looked at: it is somebody else's, or ptrace is refused here", number=number
            ),
            MACHINE,
        ) from None
    if holders:
        raise Failure(
            tr("process {number} is held by a debugger already (process {holders})", number=number, holders=holders[0])
        )
    return path


def program_of_core(path: str) -> str:
    """The program whose core file this is: the file in which the core says execution began."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with untrusted.regular(path, MAX_CORE) as stream:
            core = ELFFile(stream)
            if core["e_type"] != "ET_CORE":
                raise Failure(tr("{path} is neither a process nor a core file", path=path), USAGE)
            notes = {
                note["n_type"]: note["n_desc"]
                for segment in core.iter_segments("PT_NOTE")
                for note in segment.iter_notes()
            }
            entry = {key: value for key, value in struct.iter_unpack("<QQ", notes["NT_AUXV"])}[AT_ENTRY]
            files = notes["NT_FILE"]
            names = [name.decode("utf-8", "surrogateescape") for name in files["filename"]]
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=path, why=error.strerror), USAGE) from None
    except KeyError:
        raise Failure(
            tr("{path} does not say whose core file it is; name the program behind it", path=path), USAGE
        ) from None
    except (ELFError, OverflowError, ValueError, AttributeError, TypeError, struct.error):
        raise Failure(tr("{path} is neither a process nor a core file (or a damaged one)", path=path), USAGE) from None
    for mapping, name in zip(files["Elf_Nt_File_Entry"], names):
        if mapping["vm_start"] <= entry < mapping["vm_end"]:
            return name
    raise Failure(tr("{path} does not say whose core file it is; name the program behind it", path=path), USAGE)
