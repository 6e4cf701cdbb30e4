"""Builds the image with buildah, runs its root file system as a container would, and measures it."""

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
import urllib.request

import yaml

TAG = "localhost/smart-router:ci"
USER = 10001
PATIENCE_S = 60
# What a JVM needs of its surroundings beyond itself: the C library and who resolves names and users for it.
LIBRARIES = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2", "libnss_files.so.2",
             "libnss_dns.so.2"]
# A container, by hand: own mounts and processes, the image's root read-only, /tmp alone to write to, no way to more rights.
CONTAINER = """
set -e
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777,size=256m,nosuid,nodev tmp "$ROOT/tmp"
mount -t tmpfs -o mode=755,size=1m dev "$ROOT/dev"
for device in null zero random urandom; do touch "$ROOT/dev/$device"; mount --bind "/dev/$device" "$ROOT/dev/$device"; done
for file in hosts resolv.conf; do [ ! -e "$ROOT/etc/$file" ] || mount --bind "/etc/$file" "$ROOT/etc/$file"; done
mount -o remount,bind,ro "$ROOT"
exec setpriv --no-new-privs chroot --userspec=%d:%d --groups= "$ROOT" "$@"
""" % (USER, USER)


def fail(text):
    raise SystemExit(f"image: {text}")


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    if done.returncode:
        fail(f"{' '.join(command[:6])} … failed ({done.returncode}):\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout.strip()


def free_port():
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError:
        return 0, ""  # it does not listen yet


def jdk():
    home = os.environ.get("JAVA_HOME", "")
    for candidate in [home] + [f"/usr/lib/jvm/{name}" for name in sorted(os.listdir("/usr/lib/jvm"), reverse=True)]:
        if candidate and os.access(f"{candidate}/bin/jlink", os.X_OK):
            with open(f"{candidate}/release") as release:
                if 'JAVA_VERSION="25' in release.read():
                    return os.path.realpath(candidate)
    fail("no JDK 25 found; set JAVA_HOME")


class Builder:
    """buildah with a store of its own, which is gone afterwards."""

    def __init__(self, directory):
        self.directory = directory
        self.base = ["buildah", "--root", f"{directory}/store", "--runroot", f"{directory}/run", "--storage-driver"]
        try:
            run(*self.base, "overlay", "images")
            self.base.append("overlay")
        except SystemExit:
            self.base.append("vfs")
        self.container = None

    def __call__(self, *arguments):
        return run(*self.base, *arguments)

    def bases(self):
        """Where no registry is asked: one image of the C library alone, as distroless is, and one of it and the JDK."""
        if os.environ.get("JDK_IMAGE") and os.environ.get("RUNTIME_IMAGE"):
            return os.environ["JDK_IMAGE"], os.environ["RUNTIME_IMAGE"]
        root = f"{self.directory}/base"
        for name in ("proc", "dev", "sys", "tmp", "etc", "lib64"):
            os.makedirs(f"{root}/{name}")
        os.chmod(f"{root}/tmp", 0o1777)
        known = dict(re.findall(r"^\s*(\S+) .*=> (\S+)$", run("ldconfig", "-p", env={"PATH": "/usr/sbin:/sbin"}), re.M)[::-1])
        for name in LIBRARIES:
            if name in known:
                os.makedirs(root + os.path.dirname(known[name]), exist_ok=True)
                shutil.copy2(os.path.realpath(known[name]), root + known[name])
        shutil.copy2(os.path.realpath("/lib64/ld-linux-x86-64.so.2"), f"{root}/lib64/ld-linux-x86-64.so.2")
        with open(f"{root}/etc/passwd", "w") as users:
            users.write("root:x:0:0:root:/:/nonexistent\n")
        for name in ("hosts", "resolv.conf"):
            open(f"{root}/etc/{name}", "w").close()
        container = self("from", "scratch")
        self("copy", "-q", container, root, "/")
        self("commit", "-q", container, "localhost/runtime")
        home = jdk()
        self("copy", "-q", container, home, "/opt/java/openjdk")
        authorities = f"{home}/lib/security/cacerts"
        if os.path.islink(authorities):  # Debian's packages keep them elsewhere
            self("copy", "-q", container, os.path.realpath(authorities), os.readlink(authorities))
        self("config", "--env", "PATH=/opt/java/openjdk/bin", container)
        self("commit", "-q", "--rm", container, "localhost/jdk")
        return "localhost/jdk", "localhost/runtime"

    def build(self):
        jdk_image, runtime_image = self.bases()
        self("bud", "--isolation", "chroot", "--format", "oci", "-f", "docker/Dockerfile", "-t", TAG,
             "--ignorefile", "docker/Dockerfile.dockerignore", "--build-arg", f"JDK_IMAGE={jdk_image}",
             "--build-arg", f"RUNTIME_IMAGE={runtime_image}", "--build-arg", "REVISION=ci", ".")
        return json.loads(self("inspect", "--type", "image", TAG))["OCIv1"]["config"]

    def mount(self):
        self.container = self("from", "--pull-never", TAG)
        return self("mount", self.container)

    def remove(self):
        if self.container:
            subprocess.run([*self.base, "umount", self.container], capture_output=True)
        subprocess.run([*self.base, "rm", "--all"], capture_output=True)
        subprocess.run([*self.base, "rmi", "--all", "--force"], capture_output=True)
        subprocess.run(["umount", f"{self.directory}/store/overlay"], capture_output=True)


class Parts:
    """Processes, each with its log; all of them end with this program."""

    def __init__(self, directory):
        self.directory = directory
        self.processes = {}

    def start(self, name, command, env=None):
        with open(f"{self.directory}/{name}.log", "w") as log:
            environment = {"PATH": os.environ["PATH"], **(env or {})}
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        return self.processes[name]

    def log(self, name):
        with open(f"{self.directory}/{name}.log") as log:
            return log.read()

    def stop(self):
        for process in reversed(self.processes.values()):
            process.terminate() if "unshare" not in process.args else process.kill()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def said(self):
        for name in self.processes:
            print(f"--- {name}", self.log(name)[-2500:], sep="\n", file=sys.stderr)


def check_config(config):
    """What Kubernetes and the chart rely on."""
    with open("helm/smart-router/templates/router.yaml") as chart:
        if f'"sr.podSecurity" {USER} ' not in chart.read():
            fail(f"the chart's router does not run as {USER}")
    expected = {"User": f"{USER}:{USER}", "ExposedPorts": {"8080/tcp": {}, "8081/tcp": {}}}
    for name, value in expected.items():
        if config.get(name) != value:
            fail(f"{name} is {config.get(name)} and not {value}")
    if not config["Entrypoint"][0].endswith("/bin/java") or config.get("Cmd"):
        fail(f"the entry point is not java itself: {config['Entrypoint']} {config.get('Cmd')}")
    if config["Labels"].get("org.opencontainers.image.revision") != "ci":
        fail(f"labels are {config['Labels']}")


def check_compose(compose):
    """What nginx' files and the chart say of the same things."""
    with open("nginx/local/routers.conf") as file:
        routers = re.findall(r"^server (\S+):8080 ", file.read(), re.M)
    with open("nginx/README.md") as file:
        started = " ".join(["nginx", *compose["nginx"]["command"][:-1]])
        if not routers or not set(routers) <= compose.keys() or started not in file.read():
            fail(f"compose has not the routers {routers}, or starts nginx in another way than nginx/README.md: {started}")
    with open("helm/smart-router/values.yaml") as file:
        values = yaml.safe_load(file)
    router = compose["router-1"]
    if router["environment"]["JAVA_TOOL_OPTIONS"] != values["javaOptions"]:
        fail("compose and the chart give the JVM other options")
    if router["stop_grace_period"] != f"{values['terminationGracePeriodSeconds']}s" or not router["read_only"]:
        fail("compose and the chart stop the router in other ways, or its root is not read-only")


class Surroundings:
    """A Redis, two agents and the stand-in for a cluster: compose's own, on loopback."""

    def __init__(self, parts, compose, directory):
        self.redis, self.cluster, agent = free_port(), free_port(), free_port()
        self.compose = compose
        parts.start("redis", [*compose["redis"]["command"], "--port", str(self.redis), "--bind", "127.0.0.1",
                              "--dir", directory])
        self.agents = [f"127.0.0.{i + 2}:{agent}" for i in range(2)]
        self.port, self.management = free_port(), free_port()
        self.agent_port = agent
        for i in range(2):
            self.start_agent(parts, i)
        environment = compose["cluster"]["environment"]
        names = environment["AGENTS"]
        for i in range(2):
            names = names.replace(f"agent-{i}:8080", self.agents[i])
        if names == environment["AGENTS"]:
            fail("compose names other agents than are started here")
        parts.start("cluster", ["/usr/bin/python3", "docker" + compose["cluster"]["command"][0].replace("/app", "/cluster")],
                    {**environment, "AGENTS": names, "HOST": "127.0.0.1", "PORT": str(self.cluster)})
        wait("the cluster's pods", lambda: len(json.loads(ask(
            f"http://127.0.0.1:{self.cluster}/api/v1/namespaces/default/pods")[1] or '{"items":[]}')["items"]) == 2)

    def start_agent(self, parts, i):
        parts.start(f"agent-{i}", ["/usr/bin/python3", "docs/examples/agent/agent.py"],
                    {**self.compose[f"agent-{i}"]["environment"], "ROUTER_URL": f"http://127.0.0.1:{self.port}",
                     "HOST": f"127.0.0.{i + 2}", "PORT": str(self.agent_port)})

    def restart_agent(self, parts, base):
        """An agent that is away is suspect and keeps its call; back as another container, that call is lost."""
        if json.loads(ask(f"{base}/allocate", {"call_sid": "call-restart"})[1])["pod_name"] != "voice-agent-0":
            fail("gold is free, but was not given")

        def state(path):
            return json.loads(ask(f"{base}/{path}")[1]).get("state")

        agent = parts.processes["agent-0"]
        agent.terminate()
        agent.wait(10)
        wait("a pod that is suspect", lambda: state("pods/voice-agent-0") == "suspect")
        if state("calls/call-restart") != "allocated":
            fail(f"the call of a pod that is not Ready is {state('calls/call-restart')}")
        self.start_agent(parts, 0)
        wait("a call that is lost", lambda: state("calls/call-restart") == "lost")

    def router_environment(self, options):
        own = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
               for name, value in self.compose["router-1"]["environment"].items()}
        own.update(SPRING_DATA_REDIS_HOST="127.0.0.1", SPRING_DATA_REDIS_PORT=str(self.redis),
                   ROUTER_KUBERNETES_MASTER_URL=f"http://127.0.0.1:{self.cluster}", SERVER_PORT=str(self.port),
                   MANAGEMENT_SERVER_PORT=str(self.management), SERVER_ADDRESS="127.0.0.1",
                   MANAGEMENT_SERVER_ADDRESS="127.0.0.1")
        own["JAVA_TOOL_OPTIONS"] += " " + options
        return own


def wait(what, condition, pause=0.2):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(pause)
    fail(f"{what} did not come within {PATIENCE_S} s")


def java_of(process):
    """unshare has one child, which has become java."""
    return int(open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()[0])


def check_confined(pid):
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in line)
    if status["Uid"].split() != [str(USER)] * 4 or status["Gid"].split() != [str(USER)] * 4 or status["Groups"].strip():
        fail(f"it runs as {status['Uid']} {status['Gid']} {status['Groups']}")
    if int(status["CapEff"], 16) or int(status["CapPrm"], 16) or status["NoNewPrivs"].strip() != "1":
        fail(f"it has rights: {status['CapEff']} {status['NoNewPrivs']}")
    mounts = {line.split()[4]: line.split()[5].split(",") for line in open(f"/proc/{pid}/mountinfo")}
    if "ro" not in mounts["/"] or "rw" not in mounts["/tmp"]:
        fail(f"its root is {mounts['/']}, its /tmp {mounts.get('/tmp')}")


def start_once(parts, around, root, entrypoint, name, options, grace, more=None):
    """Starts the router, takes and gives back a pod, stops it. Answers how long the first allocation took, in seconds."""
    began = time.monotonic()
    process = parts.start(
        name, ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", CONTAINER, "container", *entrypoint],
        {**around.router_environment(options), "ROOT": root})
    base, health = f"http://127.0.0.1:{around.port}", f"http://127.0.0.1:{around.management}/actuator/health"
    sid = f"call-{name}"

    def allocated():
        if process.poll() is not None:
            fail(f"the router ended by itself with {process.returncode}")
        return ask(f"{base}/allocate", {"call_sid": sid})[0] == 200

    wait("the first allocation", allocated, pause=0.02)
    took = time.monotonic() - began
    wait("readiness", lambda: ask(f"{health}/readiness")[0] == 200)
    if ask(f"{health}/routing")[0] != 200:
        fail(f"not all parts are up: {ask(f'{health}/routing')}")
    given = json.loads(ask(f"{base}/allocate", {"call_sid": sid})[1])
    if not given["was_existing"] or not given["ws_url"].startswith(f"ws://localhost:8080/agent/{given['pod_name']}/{sid}/"):
        fail(f"the second answer is {given}")
    others = {json.loads(ask(f"{base}/allocate", {"call_sid": f"{sid}-{i}"})[1]).get("pod_name") for i in range(3)}
    if others != {"voice-agent-1"} or given["pod_name"] != "voice-agent-0":
        fail(f"gold and three slots of basic are there, but given were {given['pod_name']} and {others}")
    if ask(f"{base}/allocate", {"call_sid": f"{sid}-more"})[0] != 503:
        fail("a fifth call got a pod, where there are four slots")
    for one in [sid] + [f"{sid}-{i}" for i in range(3)]:
        if ask(f"{base}/release", {"call_sid": one})[0] != 200:
            fail(f"{one} could not be released")
    if more:
        more(parts, base)
    if json.loads(ask(f"http://127.0.0.1:{around.management}/actuator/invariants")[1])["violations_total"] != 0:
        fail("an invariant is broken")
    java = java_of(process)
    check_confined(java)
    check = around.compose["router-1"]["healthcheck"]["test"][1:]
    for url, answer in ((f"{health}/readiness", 0), (f"{health}/nothing", 1)):
        inside = ["nsenter", f"--target={java}", "--mount", "--pid", "--root", "--wd", f"--setuid={USER}", f"--setgid={USER}"]
        if subprocess.run([*inside, *check, url], capture_output=True).returncode != answer:
            fail(f"compose's health check does not answer {answer} for {url}")
    memory = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{java}/status").read())[1]) // 1024
    asked = time.monotonic()
    os.kill(java, signal.SIGTERM)
    try:
        code = process.wait(grace)
    except subprocess.TimeoutExpired:
        fail(f"SIGTERM did not end it within {grace} s")
    if code != 128 + signal.SIGTERM:
        fail(f"after SIGTERM it ended with {code} and not {128 + signal.SIGTERM}")
    print(f"image: {name}: first allocation after {took:.2f} s, {memory} MiB at most, stopped within "
          f"{time.monotonic() - asked:.1f} s of SIGTERM", flush=True)
    return took


def main():
    if os.geteuid() != 0:
        fail("must be root: it mounts")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("image: it took too long"))  # and all is taken away
    directory = tempfile.mkdtemp(prefix="image")
    builder, parts = Builder(directory), Parts(directory)
    try:
        began = time.monotonic()
        config = builder.build()
        print(f"image: built in {time.monotonic() - began:.0f} s on {builder.base[-1]}", flush=True)
        check_config(config)
        root = builder.mount()
        size = int(run("du", "-sxb", root).split()[0]) / 2**20
        cache = os.path.getsize(f"{root}/app/smart-router.aot") / 2**20
        print(f"image: {size:.0f} MiB unpacked, of it the AOT cache {cache:.0f} MiB", flush=True)
        with open("docker/compose.yaml") as file:
            compose = yaml.safe_load(file)["services"]
        check_compose(compose)
        grace = int(compose["router-1"]["stop_grace_period"].rstrip("s"))
        around = Surroundings(parts, compose, directory)
        # `on` refuses a start whose cache does not fit; a small container gets the serial collector by itself.
        # The first one meets an empty Redis and an image that was never read; the two to compare do not.
        for name, options, more in (("serial-collector", "-XX:AOTMode=on -XX:+UseSerialGC", around.restart_agent),
                                    ("with-cache", "-XX:AOTMode=on", None), ("without-cache", "-XX:AOTMode=off", None)):
            start_once(parts, around, root, config["Entrypoint"], name, options, grace, more)
    except BaseException:
        parts.said()
        raise
    finally:
        parts.stop()
        builder.remove()
        shutil.rmtree(directory, ignore_errors=True)
        if os.path.exists(directory):
            print(f"image: {directory} could not be removed", file=sys.stderr)


main()
