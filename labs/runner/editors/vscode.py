"""What VS Code needs: launch.json, and a small extension where gdb speaks the debug adapter protocol."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from ..host import debugger
from .files import Files, Listed, Whole
from .subject import PATIENT, Subject, pipe

PROCESS = "rt0lab-process"  # VS Code asks for it before it looks at a process


def files(subject: Subject) -> tuple[Files, str]:
    """launch.json; where gdb speaks DAP, also an extension that says how to start it, else for Eclipse CDT's, which
    speaks MI."""
    if subject.dap:
        common: dict[str, Any] = {"type": "rt0lab", "program": subject.path}
        launch = common | {"request": "launch", "args": [], "cwd": "${workspaceFolder}", "stopOnEntry": True}
        attach = common | {"request": "attach", "target": pipe(f"${{input:{PROCESS}}}")}
    else:
        words = debugger.command(subject.path, gdb=subject.gdb)[1:]
        words.remove(subject.path)
        common = {"type": "gdb", "program": subject.path, "gdb": subject.gdb, "gdbArguments": words}
        launch = common | {"request": "launch", "arguments": "", "cwd": "${workspaceFolder}"}
        attach = common | {
            "type": "gdbtarget",
            "request": "attach",
            "gdbArguments": words + PATIENT,
            "target": {"connectCommands": ["target remote " + pipe(f"${{input:{PROCESS}}}")]},
        }
    names = f"rt0lab: {subject.name}", f"rt0lab: goroutines of a running {subject.name}"
    configurations = [{"name": name} | configuration for name, configuration in zip(names, (launch, attach))]
    asked = {"id": PROCESS, "type": "promptString", "description": "process id, as `pidof` says it"}
    made: dict[Path, Whole | Listed] = {
        Path(".vscode/launch.json"): Listed({"configurations": configurations, "inputs": [asked]})
    }
    if subject.dap:
        made[Path(".vscode/extensions/rt0lab/package.json")] = Whole(
            json.dumps(extension(subject), indent=4) + "\n", "//"
        )
        return (
            made,
            "In VS Code: open the folder, install the extension rt0lab (Extensions, `@recommended`), and press F5.",
        )
    return made, (
        "In VS Code: install `CDT GDB Debug Adapter Extension`, and press F5. "
        "(A gdb from 14 on needs no extension of others.)"
    )


def extension(subject: Subject) -> dict[str, Any]:
    """package.json of an extension without code: VS Code reads from it what to start for the type `rt0lab`, and with
    what.

    It is the same for all programs: the one that a configuration names takes the place of hello.
    """
    program, *words = dataclasses.replace(subject, word="hello").command(*PATIENT, debugger.DAP)
    return {
        "name": "rt0lab",
        "displayName": "rt0lab",
        "publisher": "rt0lab",
        "version": "0.0.1",
        "license": "MIT",
        "description": "Debugs with gdb's own adapter and the rt0 commands.",
        "engines": {"vscode": "^1.89.0"},
        "categories": ["Debuggers"],
        "contributes": {
            "languages": [{"id": "asm", "extensions": [".S", ".s"], "aliases": ["Assembly"]}],
            "breakpoints": [{"language": language} for language in ("asm", "cpp", "c", "go")],
            "debuggers": [
                {
                    "type": "rt0lab",
                    "label": "rt0lab",
                    "languages": ["asm", "cpp", "go"],
                    "program": program,
                    "args": words,
                    "configurationAttributes": {
                        "launch": {
                            "required": ["program"],
                            "properties": {
                                "program": {"type": "string", "description": "the program's file"},
                                "args": {"type": "array", "description": "its arguments"},
                                "cwd": {"type": "string", "description": "the folder that it runs in"},
                                "env": {"type": "object", "description": "its environment: GOMAXPROCS, say"},
                                "stopOnEntry": {"type": "boolean", "description": "stop at its first instruction"},
                                "stopAtBeginningOfMainSubprogram": {
                                    "type": "boolean",
                                    "description": "stop in main.main",
                                },
                            },
                        },
                        "attach": {
                            "required": ["program", "target"],
                            "properties": {
                                "program": {"type": "string", "description": "the program's file"},
                                "target": {
                                    "type": "string",
                                    "description": "what gdb's `target remote` takes: | COMMAND, a socket, HOST:PORT",
                                },
                            },
                        },
                    },
                }
            ],
        },
    }
