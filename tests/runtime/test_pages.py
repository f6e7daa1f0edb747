"""What every boot writes is in one page: the first touch of another costs as much as five system calls."""

import mmap
import re
import subprocess

import pytest

RELEASES = [("g++", "release"), ("clang++", "release")]


@pytest.mark.parametrize("build", RELEASES, ids="-".join, indirect=True)
@pytest.mark.parametrize("variable", ["sched", "m0", "g0", "mheap_", "allgs", "forcegc", "os.Stdin"])
def test_what_every_boot_writes_is_in_the_page_that_the_kernel_has_written(build, variable):
    lines = subprocess.run(["nm", build / "runtime/programs/hello"], capture_output=True, text=True, check=True).stdout
    address = {name: int(at, 16) for at, name in re.findall(r"^(\w+) \w (\S+)$", lines, re.M)}
    name = variable if "." in variable else "runtime." + variable
    assert address[name] // mmap.PAGESIZE == address["edata"] // mmap.PAGESIZE
