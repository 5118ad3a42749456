"""Find the processes of a local cloud, and measure their CPU time."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def _read_all(name: str) -> Iterator[tuple[Path, list[str]]]:
    """Yield each process of this machine with the words of one of its files."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield process, (process / name).read_bytes().decode(errors="replace").split("\0")


def function_processes(port: int, function: str = "") -> list[int]:
    """Return the ids of the processes of a function, or of all functions, of the local cloud on a port."""
    return [
        int(process.name)
        for process, words in _read_all("cmdline")
        if words[1:3] == ["-m", "local.functions"] and words[4] == str(port) and function in ("", words[3])
    ]


def lambda_processes(function: str) -> list[int]:
    """Return the ids of the processes in which the emulator runs a Lambda function."""
    variable = f"AWS_LAMBDA_FUNCTION_NAME={function}"
    return [int(process.name) for process, variables in _read_all("environ") if variable in variables]


def emulator_processes(aws_port: int) -> list[int]:
    """Return the id of the emulator on a port."""
    return [
        int(process.name)
        for process, variables in _read_all("environ")
        if f"GATEWAY_PORT={aws_port}" in variables and "AUTH=true" in variables
    ]


def cpu_seconds(processes: list[int]) -> float:
    """Return the CPU time that processes have used."""
    used = 0.0
    for process in processes:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            used += (int(fields[11]) + int(fields[12])) / _TICKS
    return used
