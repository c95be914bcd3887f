"""Runs a command on a pseudo-terminal and copies its output.

Usage: terminal.py TEXT COMMAND... Sends Ctrl-C once TEXT is on the screen, unless TEXT is empty.
"""

import os
import pty
import signal
import sys

text, command = sys.argv[1].encode(), sys.argv[2:]
process, terminal = pty.fork()
if process == 0:
    # A child inherits ignored and blocked signals. A shell script, for example, ignores SIGINT in
    # the commands that it runs in the background.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # Ends a command that hangs. Otherwise the command takes a few seconds.
    signal.alarm(600)
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
    sys.stdout.buffer.write(chunk)
    sys.stdout.flush()
    if not interrupted and text in output:
        os.write(terminal, b"\x03")
        interrupted = True
_, status = os.waitpid(process, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
