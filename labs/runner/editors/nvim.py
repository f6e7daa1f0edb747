"""What Neovim needs: a Lua file around Termdebug, and for nvim-dap where gdb speaks the debug adapter protocol."""

from pathlib import Path

from .files import Files, Whole
from .subject import Subject, filled

NVIM = """\
-- rt0lab in Neovim. `./lab editor nvim` wrote this; `:luafile rt0lab.lua` loads it.
--   :Rt0lab                gdb on the program, beside its source (Termdebug)
--   :Rt0labGoroutines PID  the goroutines of a process that runs it, as threads

local function debug(...)
  local command = vim.list_extend({ @command@ }, { ... })
  vim.cmd("packadd termdebug")
  vim.g.termdebugger = command
  if vim.g.termdebug_config then
    vim.g.termdebug_config = vim.tbl_extend("force", vim.g.termdebug_config, { command = command })
  end
  vim.cmd("Termdebug")
end

local function goroutines(process)
  return @serve@ .. string.format("%d", tonumber(process))
end

vim.api.nvim_create_user_command("Rt0lab", function() debug() end, {})
vim.api.nvim_create_user_command("Rt0labGoroutines", function(command)
  debug(@patient@, "-ex", "target remote " .. goroutines(command.args))
end, { nargs = 1 })
"""

NVIM_DAP = """
-- For nvim-dap, if it is there: gdb speaks its protocol itself.
local found, dap = pcall(require, "dap")
if found then
  local name, path = @name@, @path@
  local kind = "rt0lab " .. name
  dap.adapters[kind] = { type = "executable", command = @lab@, args = { @adapter@ } }
  for _, language in ipairs({ "asm", "cpp", "go" }) do
    dap.configurations[language] = vim.list_extend(dap.configurations[language] or {}, {
      { name = "rt0lab: " .. name, type = kind, request = "launch", program = path, stopOnEntry = true },
      { name = "rt0lab: goroutines of a running " .. name, type = kind, request = "attach", program = path,
        target = function() return goroutines(vim.fn.input("process id: ")) end },
    })
  end
end
"""


def files(subject: Subject) -> tuple[Files, str]:
    """A Lua file: commands around the built-in Termdebug, and configurations for nvim-dap where gdb speaks DAP."""
    text = filled(NVIM + NVIM_DAP * subject.dap, subject, lua, ", ")
    use = "`:luafile rt0lab.lua`, then `:Rt0lab`" + ", or nvim-dap's `:DapNew`" * subject.dap
    return {Path("rt0lab.lua"): Whole(text, "--")}, f"In Neovim: {use}."


def lua(text: str) -> str:
    """A text as a string of Lua's; nothing that ends a line or a string is in it as it is."""
    return (
        '"'
        + "".join(c if c.isprintable() and c not in '"\\' else "".join(f"\\{b:03}" for b in c.encode()) for c in text)
        + '"'
    )
