"""Checks the mock manager against the OpenAPI document, with third-party tools.

Usage: check-mock.py MANAGER DOCUMENT [OPTION...]. MANAGER is the binary of the example `manager`. Each
OPTION is passed to `schemathesis run`, such as `--max-time 600`.

Schemathesis sends valid and invalid requests, with each kind of credentials and without any. Then
vmware-nsxlib, the client with which OpenStack calls real managers, logs in and sends requests. Tools
that are not installed are skipped.
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

# With these variables set, the library requests would ignore the CA file that it is given.
for variable in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]:
    os.environ.pop(variable, None)
os.environ["NO_PROXY"] = "127.0.0.1"

COMMON = """
[phases.examples]
fill-missing = true
"""
# With valid credentials, valid requests must succeed. Schemathesis must not add generated
# credentials.
VALID_CREDENTIALS = COMMON + """
[generation]
with-security-parameters = false
[checks.positive_data_acceptance]
expected-statuses = ["2xx"]
"""
# Schemathesis generates credentials, and all of them must be rejected.
GENERATED_CREDENTIALS = COMMON + """
[warnings]
display = []
"""


class Manager:
    """The mock manager, in a child process that ends with the `with` block."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        settings = dict(shlex.split(self.process.stdout.readline())[1].split("=", 1) for _ in range(4))
        self.url, self.ca_file = settings["NSXT_MANAGER_HOST"], settings["NSXT_CA_FILE"]
        self.username, self.password = settings["NSXT_USERNAME"], settings["NSXT_PASSWORD"]
        self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def respond_with(self, status):
        """Sets the response to all requests, and waits until it is set. "" restores the default."""
        print(status, file=self.process.stdin, flush=True)
        self.process.stdout.readline()

    def post(self, path, body=b"", headers=None):
        request = urllib.request.Request(self.url + path, body, headers or {})
        return urllib.request.urlopen(request, context=ssl.create_default_context(cafile=self.ca_file))

    def log_in(self):
        """Returns the cookie and the XSRF token of a new session."""
        form = urllib.parse.urlencode({"j_username": self.username, "j_password": self.password})
        with self.post("/api/session/create", form.encode()) as response:
            cookies = http.cookies.SimpleCookie(response.headers["set-cookie"])
            return cookies["JSESSIONID"].value, response.headers["x-xsrf-token"]


def auth_configs(manager):
    """Yields the name and the Schemathesis configuration of each kind of credentials."""
    user = f"{manager.username}:{manager.password}"
    cookie, token = manager.log_in()
    yield "basic", f'basicAuth = {{ username = "{manager.username}", password = "{manager.password}" }}'
    yield "session", f'sessionCookie = {{ api_key = "{cookie}" }}\nxsrfToken = {{ api_key = "{token}" }}'
    yield "remote", f'remoteAuth = {{ api_key = "Remote {b64encode(user.encode()).decode()}" }}'


def documented_errors(document):
    """The statuses of the errors in the document."""
    import yaml

    operations = [
        operation
        for item in yaml.safe_load(Path(document).read_text(encoding="utf-8"))["paths"].values()
        for operation in item.values()
        if "responses" in operation
    ]
    statuses = {str(status) for operation in operations for status in operation["responses"]}
    return sorted(status for status in statuses if status.isdigit() and status >= "400")


def run_schemathesis(manager, document, name, config, options):
    """Runs Schemathesis in a temporary directory, because it writes files to the current directory.

    Prints its report if it finds a violation.
    """
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "schemathesis.toml").write_text(config, encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "run", str(Path(document).resolve())]
        command += ["--url", f"{manager.url}/api/v1", "--tls-verify", manager.ca_file, "--generation-database", "none"]
        run = subprocess.run(command + options, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        sys.exit(f"{run.stdout}\nSchemathesis found a violation: {name}")
    print(f"{name}: {next(line.strip() for line in run.stdout.splitlines() if ' generated, ' in line)}")


def check_against_document(manager, document, options):
    """Runs all checks with each kind of credentials, and checks the form of each documented error."""
    all_checks = ["--checks", "all", *options]
    for name, auth in auth_configs(manager):
        config = f"{VALID_CREDENTIALS}[auth.openapi]\n{auth}\n"
        run_schemathesis(manager, document, name, config, all_checks)
    run_schemathesis(manager, document, "generated credentials", GENERATED_CREDENTIALS, all_checks)
    # The mock manager returns the same status to every request, so only the form can be checked.
    form = "content_type_conformance,response_headers_conformance,response_schema_conformance"
    form_checks = ["--checks", form, "--phases", "examples"]
    for status in documented_errors(document):
        manager.respond_with(status)
        run_schemathesis(manager, document, status, GENERATED_CREDENTIALS, form_checks)
    manager.respond_with("")


def nsxlib_client(manager, password):
    """Returns the client of vmware-nsxlib and its connection pool, which has one connection."""
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
    """The headers that the client sends with each request."""
    with connections.connection() as connection:
        return connection.default_headers


def expect(condition, failure):
    if not condition:
        sys.exit(f"vmware-nsxlib: {failure}")


def raises(client, kind, **attributes):
    """Whether a call raises an exception of this class with these attributes."""
    from vmware_nsxlib.v3 import exceptions

    try:
        client.create("aaa/registration-token")
    except getattr(exceptions, kind) as error:
        return all(getattr(error, name) == value for name, value in attributes.items())
    return False


def check_nsxlib(manager):
    """Logs in, sends requests, maps errors, and logs in again after the session has ended."""
    # The library logs the errors that this check provokes, and warns about its dependencies.
    logging.disable()
    warnings.simplefilter("ignore")
    client, connections = nsxlib_client(manager, manager.password)
    expect(connections.health == "GREEN", "it reports the manager as unhealthy")
    expect(client.create("aaa/registration-token")["token"], "the response has no token")
    first = headers(connections)
    expect({"Cookie", "X-XSRF-TOKEN"} <= first.keys(), "it sends no session headers")

    manager.respond_with("412")
    is_stale = raises(client, "StaleRevision", status_code=412, error_code=604)
    expect(is_stale, "it does not map 412 to StaleRevision")
    manager.respond_with("503")
    is_unavailable = raises(client, "ServiceUnavailable", status_code=503)
    expect(is_unavailable, "it does not map 503 to ServiceUnavailable")
    manager.respond_with("")

    manager.post("/api/session/destroy", headers=first).close()
    expect(client.create("aaa/registration-token")["token"], "it does not recover from an expired session")
    second = headers(connections)
    expect(second["Cookie"] != first["Cookie"], "it still uses the expired session")
    second["X-XSRF-TOKEN"] = first["X-XSRF-TOKEN"]
    expect(client.create("aaa/registration-token")["token"], "it does not recover from a wrong XSRF token")

    _, connections = nsxlib_client(manager, "wrong")
    expect(connections.health == "RED", "it can log in with a wrong password")
    print("vmware-nsxlib: login, error mapping and login after an expired session work")


def main():
    program, document, *options = sys.argv[1:]
    with Manager(program) as manager:
        for tool, check in [
            ("schemathesis", lambda: check_against_document(manager, document, options)),
            ("vmware_nsxlib", lambda: check_nsxlib(manager)),
        ]:
            if importlib.util.find_spec(tool):
                check()
            else:
                print(f"Skipped: {tool} is not installed.")


main()
