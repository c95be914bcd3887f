"""Runs a command on a pseudo-terminal and prints what it shows there.

Usage: terminal.py TEXT COMMAND... Once TEXT is on the screen, Ctrl-C is pressed; an empty TEXT presses nothing.
"""

import os
import pty
import sys

text, command = sys.argv[1].encode(), sys.argv[2:]
process, terminal = pty.fork()
if process == 0:
    os.execvp(command[0], command)
shown, pressed = b"", not text
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # Linux ends it so, once nobody has the other end open.
        break
    if not part:
        break
    shown += part
    if not pressed and text in shown:
        os.write(terminal, b"\x03")
        pressed = True
_, status = os.waitpid(process, 0)
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
