"""Holds the stand-in for a manager to the document, by programs of others that share nothing with this project.

Usage: check-mock.py MANAGER DOCUMENT [OPTION...]. MANAGER is the program of the example of that name, and each OPTION one of
`schemathesis run`, such as `--max-time 600`. Schemathesis sends what the document lets it send, and what it does not, with
each kind of credentials and without any. Then vmware-nsxlib, with which OpenStack talks to real managers, logs in. What is
not installed is left out.
"""

import http.cookies
import importlib.util
import logging
import os
import shlex
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import warnings
from base64 import b64encode
from pathlib import Path

# Requests would trust these in the place of the authority that it is told.
for variable in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]:
    os.environ.pop(variable, None)
os.environ["NO_PROXY"] = "127.0.0.1"

COMMON = """
[phases.examples]
fill-missing = true
"""
# Whoever has credentials, and no others made up beside them, is not met with one of the errors that any call may end in.
KNOWN = COMMON + """
[generation]
with-security-parameters = false
[checks.positive_data_acceptance]
expected-statuses = ["2xx"]
"""
# Credentials are made up, and none of them may do.
UNKNOWN = COMMON + """
[warnings]
display = []
"""


class Manager:
    """The stand-in, in a process of its own, until the `with` ends."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = dict(shlex.split(self.process.stdout.readline())[1].split("=", 1) for _ in range(4))
        self.url, self.ca_file = said["NSXT_MANAGER_HOST"], said["NSXT_CA_FILE"]
        self.username, self.password = said["NSXT_USERNAME"], said["NSXT_PASSWORD"]
        self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def tell(self, line):
        """Says how calls are to be answered, and waits until they are."""
        print(line, file=self.process.stdin, flush=True)
        self.process.stdout.readline()

    def post(self, path, body=b"", headers=None):
        request = urllib.request.Request(self.url + path, body, headers or {})
        return urllib.request.urlopen(request, context=ssl.create_default_context(cafile=self.ca_file))

    def log_in(self):
        """The cookie and the XSRF token of a new session."""
        form = urllib.parse.urlencode({"j_username": self.username, "j_password": self.password})
        with self.post("/api/session/create", form.encode()) as answer:
            cookies = http.cookies.SimpleCookie(answer.headers["set-cookie"])
            return cookies["JSESSIONID"].value, answer.headers["x-xsrf-token"]


def schemes(manager):
    """The ways to be known, each as Schemathesis' settings for the schemes of the document."""
    user = f"{manager.username}:{manager.password}"
    cookie, token = manager.log_in()
    yield "basic", f'basicAuth = {{ username = "{manager.username}", password = "{manager.password}" }}'
    yield "session", f'sessionCookie = {{ api_key = "{cookie}" }}\nxsrfToken = {{ api_key = "{token}" }}'
    yield "remote", f'remoteAuth = {{ api_key = "Remote {b64encode(user.encode()).decode()}" }}'


def documented_errors(document):
    """The statuses of the errors that the document describes."""
    import yaml

    operations = [
        operation
        for item in yaml.safe_load(Path(document).read_text(encoding="utf-8"))["paths"].values()
        for operation in item.values()
        if "responses" in operation
    ]
    statuses = {str(status) for operation in operations for status in operation["responses"]}
    return sorted(status for status in statuses if status.isdigit() and status >= "400")


def schemathesis(manager, document, name, config, options):
    """One run, in a folder of its own, as it leaves files where it runs. Its report is shown if it found something."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "schemathesis.toml").write_text(config, encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "run", str(Path(document).resolve())]
        command += ["--url", f"{manager.url}/api/v1", "--tls-verify", manager.ca_file, "--generation-database", "none"]
        run = subprocess.run(command + options, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        sys.exit(f"{run.stdout}\nSchemathesis found a violation: {name}")
    print(f"{name}: {next(line.strip() for line in run.stdout.splitlines() if ' generated, ' in line)}")


def hold_to_document(manager, document, options):
    """Every check that there is, whoever calls; and the form of each documented error, whatever is called."""
    for name, settings in schemes(manager):
        schemathesis(manager, document, name, f"{KNOWN}[auth.openapi]\n{settings}\n", ["--checks", "all", *options])
    schemathesis(manager, document, "no credentials", UNKNOWN, ["--checks", "all", *options])
    # The answer is settled beforehand: whether it is the right one is not the question.
    form = "content_type_conformance,response_headers_conformance,response_schema_conformance"
    for status in documented_errors(document):
        manager.tell(status)
        schemathesis(manager, document, status, UNKNOWN, ["--checks", form, "--phases", "examples"])
    manager.tell("")


def nsxlib(manager, password):
    """The client, and its connections, of which it has one."""
    from vmware_nsxlib.v3 import client, cluster, config

    settings = config.NsxLibConfig(
        nsx_api_managers=[manager.url],
        username=[manager.username],
        password=[password],
        ca_file=[manager.ca_file],
        max_attempts=2,
        concurrent_connections=1,
    )
    connections = cluster.NSXClusteredAPI(settings)
    return client.NSX3Client(connections, max_attempts=2), connections


def headers(connections):
    """What the client sends with each call."""
    with connections.connection() as connection:
        return connection.default_headers


def expect(holds, what):
    if not holds:
        sys.exit(f"vmware-nsxlib: {what}")


def fails(client, kind, **facts):
    """Whether a call ends in an error of this kind that says these things."""
    from vmware_nsxlib.v3 import exceptions

    try:
        client.create("aaa/registration-token")
    except getattr(exceptions, kind) as error:
        return all(getattr(error, name) == value for name, value in facts.items())
    return False


def serve_client(manager):
    """Logs in, calls, reads errors, and goes on when the session has ended."""
    # What it has to say of errors that are wanted, and of its own libraries.
    logging.disable()
    warnings.simplefilter("ignore")
    client, connections = nsxlib(manager, manager.password)
    expect(connections.health == "GREEN", "it does not take the manager for healthy")
    expect(client.create("aaa/registration-token")["token"], "there is no token")
    first = headers(connections)
    expect({"Cookie", "X-XSRF-TOKEN"} <= first.keys(), "it has no session")

    manager.tell("412")
    expect(fails(client, "StaleRevision", status_code=412, error_code=604), "412 is not what it takes for a stale revision")
    manager.tell("503")
    expect(fails(client, "ServiceUnavailable", status_code=503), "503 is not what it takes for too busy")
    manager.tell("")

    manager.post("/api/session/destroy", headers=first).close()
    expect(client.create("aaa/registration-token")["token"], "it does not go on after its session has ended")
    second = headers(connections)
    expect(second["Cookie"] != first["Cookie"], "it has the session that has ended")
    second["X-XSRF-TOKEN"] = first["X-XSRF-TOKEN"]
    expect(client.create("aaa/registration-token")["token"], "it does not go on after a wrong XSRF token")

    _, connections = nsxlib(manager, "wrong")
    expect(connections.health == "RED", "it gets in with a wrong password")
    print("vmware-nsxlib: logs in, reads errors, and logs in again when its session has ended")


def main():
    program, document, *options = sys.argv[1:]
    with Manager(program) as manager:
        for tool, check in [
            ("schemathesis", lambda: hold_to_document(manager, document, options)),
            ("vmware_nsxlib", lambda: serve_client(manager)),
        ]:
            if importlib.util.find_spec(tool):
                check()
            else:
                print(f"Left out: {tool} is not installed.")


main()
