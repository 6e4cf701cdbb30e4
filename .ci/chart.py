"""Starts a router (profile dev) and a Prometheus on loopback, makes traffic, and asks every query of the rules and of the
dashboard. A query that finds nothing fails: so does a rate over a series that is not there."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

FILES = "helm/smart-router/files"
SELECTOR = re.compile(r"\b((?:smart_router|http_server|ssl|logback|jvm|process)_[a-z_]+(?:\{[^}]*\})?)(\[[0-9a-z]+\])?")
PATIENCE_S = 60


def free_port():
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


def get(url, data=None, headers=None):
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def wait(what, condition):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (OSError, ValueError):
            pass  # it does not listen yet
        time.sleep(0.3)
    raise SystemExit(f"chart: {what} did not come within {PATIENCE_S} s")


def java():
    home = os.environ.get("JAVA_HOME", "")
    candidates = [f"{home}/bin/java"] + sorted(
        f"/usr/lib/jvm/{name}/bin/java" for name in (os.listdir("/usr/lib/jvm") if os.path.isdir("/usr/lib/jvm") else []))
    for program in candidates + [shutil.which("java") or ""]:
        if program and os.access(program, os.X_OK):
            version = subprocess.run([program, "-version"], capture_output=True, text=True).stderr
            found = re.search(r'version "(\d+)', version)
            if found and int(found.group(1)) >= 25:
                return program
    raise SystemExit("chart: no JDK 25 found; set JAVA_HOME")


class Parts:
    def __init__(self, directory):
        self.directory = directory
        self.processes = []

    def start(self, name, command):
        log = open(f"{self.directory}/{name}.log", "w")
        self.processes.append((name, subprocess.Popen(command, stdout=log, stderr=log)))

    def stop(self):
        for _, process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for _, process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()

    def logs(self):
        for name, _ in self.processes:
            with open(f"{self.directory}/{name}.log") as log:
                print(f"--- {name}", *log.readlines()[-20:], sep="\n", file=sys.stderr)


def start(parts, directory):
    port, management, metrics = free_port(), free_port(), free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{directory}/k", "-out",
         f"{directory}/tls.crt", "-days", "90", "-subj", "/CN=voice.example.com"], check=True, capture_output=True)
    classpath = "target/classes:" + open("target/runtime.classpath").read().strip()
    parts.start("router", [
        java(), "-Xmx384m", "-cp", classpath, "io.smartrouter.SmartRouterApplication", "--spring.profiles.active=dev",
        f"--server.port={port}", f"--management.server.port={management}", "--router.metrics.refresh=1s",
        "--router.reconcile.interval=1s", "--router.providers.plivo.unverified=false",
        f"--spring.ssl.bundle.pem.public.truststore.certificate={directory}/tls.crt"])
    with open(f"{directory}/prometheus.yml", "w") as config:
        config.write(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: ['{os.path.abspath(FILES)}/rules.yaml']\n"
            "scrape_configs:\n"
            "  - job_name: smart-router\n    metrics_path: /actuator/prometheus\n"
            f"    static_configs: [{{targets: ['127.0.0.1:{management}']}}]\n")
    wait("the router", lambda: get(f"http://127.0.0.1:{management}/actuator/health/readiness")[0] == 200)
    parts.start("prometheus", [
        "prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
        f"--web.listen-address=127.0.0.1:{metrics}"])
    wait("Prometheus", lambda: get(f"http://127.0.0.1:{metrics}/-/ready")[0] == 200)
    return f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics}"


def traffic(router, turn):
    """Every kind of request: calls of the API and of a provider, more than there are pods, ends, and forged ones."""
    sent = {}
    for number in range(14):
        sid = f"call-{turn}-{number}"
        status, _ = get(f"{router}/allocate", json.dumps({"call_sid": sid}).encode(), {"Content-Type": "application/json"})
        sent[status] = sent.get(status, 0) + 1
    form = urllib.parse.urlencode({"CallSid": f"CA{turn}", "AccountSid": "AC1", "From": "+14155550123",
                                   "To": "+14155550100", "CallStatus": "ringing"}).encode()
    sent["twilio"] = get(f"{router}/twilio/allocate", form)[0]
    sent["forged"] = get(f"{router}/plivo/allocate", b"CallUUID=x")[0]
    for number in range(14):
        get(f"{router}/release", json.dumps({"call_sid": f"call-{turn}-{number}"}).encode(),
            {"Content-Type": "application/json"})
    get(f"{router}/twilio/continue", form.replace(b"ringing", b"in-progress"))
    get(f"{router}/twilio/hangup", form.replace(b"ringing", b"completed"))
    return sent


def ask(prometheus, query):
    status, body = get(f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query}))
    if status != 200:
        raise SystemExit(f"chart: Prometheus refuses {query}: {body}")
    return json.loads(body)["data"]["result"]


def queries(prometheus):
    rules = json.loads(get(f"{prometheus}/api/v1/rules")[1])["data"]["groups"]
    for group in rules:
        for rule in group["rules"]:
            yield "alert", rule["name"], rule["query"]
    with open(f"{FILES}/dashboard.json") as file:
        for panel in json.load(file)["panels"]:
            for target in panel["targets"]:
                yield "panel", panel["title"], target["expr"].replace("$__rate_interval", "30s")


def missing(prometheus, kind, query):
    """What the query needs and does not find. An alert that is quiet answers nothing, so its selectors are asked."""
    lacks = []
    for selector, window in SELECTOR.findall(query):
        need = f"count(rate({selector}{window}))" if window else f"count({selector})"
        if not ask(prometheus, need):
            lacks.append(need)
    answer = ask(prometheus, query)
    if kind == "panel" and not answer:
        lacks.append(query)
    if kind == "panel" and answer and "invariant" not in query and all(s["value"][1] == "NaN" for s in answer):
        lacks.append(query + " (NaN alone)")
    return lacks


def undocumented(prometheus):
    """Metrics of the router that docs/operations.md does not name, and names there that no router has."""
    names = json.loads(get(f"{prometheus}/api/v1/label/__name__/values")[1])["data"]
    ours = {re.sub(r"_(bucket|count|sum|max)$", "", name) for name in names if name.startswith("smart_router_")}
    with open("docs/operations.md") as page:
        rows = [line for line in page if line.startswith("| `smart_router_")]
    named = set(re.findall(r"`(smart_router_[a-z_]+)", " ".join(rows)))
    return [f"docs/operations.md lacks {name}" for name in sorted(ours - named)] + [
        f"no router has {name} of docs/operations.md" for name in sorted(named - ours)]


def main():
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("chart: it took too long"))  # and what runs is stopped
    directory = tempfile.mkdtemp(prefix="chart")
    parts = Parts(directory)
    try:
        router, prometheus = start(parts, directory)
        for turn in range(8):
            sent = traffic(router, turn)
            time.sleep(1.5)  # a scrape between two turns
        if not {200, 503} <= sent.keys() or sent["forged"] != 403 or sent["twilio"] != 200:
            raise SystemExit(f"chart: the traffic is not what it should be: {sent}")
        asked, failed = 0, []
        names = set()
        for kind, name, query in queries(prometheus):
            asked += 1
            names.add(kind)
            failed += [f"{kind} {name}: no data for {lack}" for lack in missing(prometheus, kind, query)]
        health = json.loads(get(f"{prometheus}/api/v1/rules")[1])["data"]["groups"]
        failed += [f"alert {r['name']}: {r['lastError']}" for g in health for r in g["rules"] if r["health"] == "err"]
        failed += undocumented(prometheus)
        if names != {"alert", "panel"}:
            raise SystemExit("chart: rules or dashboard were not read")
        print(f"chart: {asked} queries asked of a real Prometheus, {len(failed)} without data")
        if failed:
            raise SystemExit("\n".join(failed))
    except BaseException:
        parts.logs()
        raise
    finally:
        parts.stop()
        shutil.rmtree(directory, ignore_errors=True)


main()
