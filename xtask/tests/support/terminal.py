"""Runs a command on a pseudo-terminal and prints its output.

Usage: terminal.py TEXT COMMAND... Sends Ctrl-C once TEXT is on the screen, unless TEXT is empty.
"""

import os
import pty
import sys

text, command = sys.argv[1].encode(), sys.argv[2:]
process, terminal = pty.fork()
if process == 0:
    os.execvp(command[0], command)
output, interrupted = b"", not text
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # On Linux, this is the end of the output: the command closed the terminal.
        break
    if not chunk:
        break
    output += chunk
    if not interrupted and text in output:
        os.write(terminal, b"\x03")
        interrupted = True
_, status = os.waitpid(process, 0)
sys.stdout.buffer.write(output)
sys.stdout.flush()
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
