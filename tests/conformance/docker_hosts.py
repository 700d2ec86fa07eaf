"""dockerd, or with FL_ENGINE=podman podman's service, for tests, as often as they want it, each in a network namespace
made for it (it changes iptables), with an image made here of busybox. Needs root, the engine and busybox-static
(tools/install_deps.sh --conformance); where it cannot run it says why and the test is skipped (exit 77).

A test calls in_namespace() first: it makes the namespaces, starts this program again inside the first of them and
removes everything when that ends. hosts() tells the second run what there is."""
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from support import wait_until  # noqa: E402

BUSYBOX = shutil.which("busybox", path="/bin:/usr/bin")
MARK = "FL_DOCKER_HOSTS"
PROGRAMS = {"docker": ["dockerd", "containerd"], "podman": ["podman", "conmon", "runc"]}
ENGINE = os.environ.get("FL_ENGINE", "docker")
# What podman would take from systemd and from a whole machine.
PODMAN_SETTINGS = """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "{0}/t"
[network]
network_backend = "netavark"
network_config_dir = "{0}/net"
"""
TEST_ADDRESS = "10.99.0.1"  # of the namespace that the test runs in, on the hosts' network


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


class Host:
    """A container engine and the namespace it lives in."""

    def __init__(self, namespace, work, address="127.0.0.1"):
        self.namespace, self.work, self.address = namespace, work, address
        self.inside = ["nsenter", f"--net=/run/netns/{namespace}"]
        self.socket = f"unix://{work}/s"

    def docker(self, *arguments):
        return run("docker", "-H", self.socket, *arguments)

    def fetch(self, container, url):
        """From the container's own network; variables of its environment may stand in the URL."""
        url = self.docker("exec", container, "sh", "-c", f"echo {url}").strip()
        process = self.docker("inspect", "--format", "{{.State.Pid}}", container).strip()
        return run("nsenter", f"--net=/proc/{process}/ns/net", "curl", "-sfm5", url)

    def running(self):
        """Ids of the containers, in their first 12 digits, which are their host names too."""
        return set(self.docker("ps", "-q").split())

    def start_engine(self):
        if ENGINE == "podman":
            return self.start_podman()
        work = Path(self.work)
        (work / "daemon.json").write_text("{}")
        with (work / "engine.log").open("wb") as log:
            self.daemon = subprocess.Popen(
                [*self.inside, "dockerd", "--config-file", f"{work}/daemon.json", "--data-root", f"{work}/data",
                 "--exec-root", f"{work}/exec", "--pidfile", f"{work}/pid", "-H", self.socket], stdout=log, stderr=log)

    def start_podman(self):
        work = Path(self.work)
        (work / "containers.conf").write_text(PODMAN_SETTINGS.format(work))
        with (work / "engine.log").open("wb") as log:
            # In its folder, as its conmon leaves a file `oom` where it stands.
            self.daemon = subprocess.Popen([*self.podman, "system", "service", "--time=0", self.socket], cwd=work,
                                           stdout=log, stderr=log, env=self.podman_environment)

    @property
    def podman(self):
        return [*self.inside, "podman", "--root", f"{self.work}/root", "--runroot", f"{self.work}/run",
                "--storage-driver", "overlay"]

    @property
    def podman_environment(self):
        return {**os.environ, "CONTAINERS_CONF": f"{self.work}/containers.conf"}

    def wait_for_engine(self):
        try:
            wait_until(lambda: self.daemon.poll() is not None or subprocess.run(
                ["docker", "-H", self.socket, "version"], capture_output=True).returncode == 0, "the engine answers", 90)
        except AssertionError:
            self.daemon.kill()
        if self.daemon.poll() is not None:
            print((Path(self.work) / "engine.log").read_text()[-3000:])
            skip(f"{ENGINE} does not start here")

    def stop_engine(self):
        if self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait(60)

    def make_image(self):
        """localhost/bb:1: busybox under all its names."""
        archive = f"{self.work}/rootfs.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(BUSYBOX, "bin/busybox")
            for name in run(BUSYBOX, "--list").split():
                if name != "busybox":
                    link = tarfile.TarInfo(f"bin/{name}")
                    link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                    tar.addfile(link)
            for folder in ("tmp", "proc", "sys", "dev", "etc", "www"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
        self.load("localhost/bb:1", archive, 'CMD ["/bin/sh"]', "ENV PATH=/bin")

    def load(self, name, archive, *changes):
        """An image of this root file system, changed as instructions of a Dockerfile say."""
        options = [option for change in changes for option in ("--change", change)]
        if ENGINE == "podman":  # over its API the image is made, but not found by its name
            run(*self.podman, "import", *options, archive, name, env=self.podman_environment)
        else:
            self.docker("import", *options, archive, name)

    def remove_containers(self):
        def are_gone():  # what an agent's end cut short may still be under way in the engine
            if ids := self.docker("ps", "-aq").split():
                subprocess.run(["docker", "-H", self.socket, "rm", "-f", *ids], capture_output=True)
            return not ids
        wait_until(are_gone, "the containers are removed", 60)


def hosts():
    """Those of this test; None in the first run, outside."""
    text = os.environ.get(MARK)
    return text and [Host(**host) for host in json.loads(text)]


def connect_hosts(here, names, work):
    """-> hosts in namespaces of these names, on a bridge in `here`'s"""
    run(*here.inside, "ip", "link", "set", "lo", "up")
    if names:
        run(*here.inside, "sh", "-c", "ip link add br0 type bridge && ip link set br0 up && "
                                      f"ip address add {TEST_ADDRESS}/24 dev br0")
    made = []
    for i, name in enumerate(names, 1):
        host = Host(name, f"{work}/{i}", f"10.99.0.{10 + i}")
        os.mkdir(host.work)
        run("ip", "netns", "add", name)
        run("ip", "link", "add", f"host{i}", "netns", here.namespace, "type", "veth",
            "peer", "name", "eth0", "netns", name)
        run(*here.inside, "sh", "-c", f"ip link set host{i} master br0 && ip link set host{i} up")
        run(*host.inside, "sh", "-c", f"ip link set lo up && ip address add {host.address}/24 dev eth0 && "
                                      "ip link set eth0 up")
        made.append(host)
    return made


def in_namespace(count=0, needs=()):
    """Runs this program again in a namespace of its own: with a dockerd there (0), or with so many hosts that have a
    dockerd and a namespace each, all on one network, 10.99.0.0/24. `needs`: programs beside ours. -> its exit code"""
    for program in (*PROGRAMS[ENGINE], "docker", "ip", "nsenter", "iptables", *needs):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    if BUSYBOX is None:
        skip("busybox-static is not installed")
    if os.geteuid() != 0:
        skip(f"{ENGINE} needs root")
    names = [f"fl{os.getpid()}-{i}" for i in range(count + 1)]
    if subprocess.run(["ip", "netns", "add", names[0]], capture_output=True).returncode != 0:
        skip("no network namespace can be made")
    work = tempfile.mkdtemp(prefix="fld-")  # short: a unix socket's path has 107 bytes
    here = Host(names[0], work)
    made = [here] if count == 0 else []
    started = []
    try:
        try:
            made += connect_hosts(here, names[1:], work)
        except subprocess.CalledProcessError as error:
            skip(f"no network of hosts can be made: {error.stderr.strip()}")
        for host in made:
            host.start_engine()
            started.append(host)
        for host in made:
            host.wait_for_engine()
            host.make_image()
        described = [{"namespace": host.namespace, "work": host.work, "address": host.address} for host in made]
        return subprocess.run([*here.inside, sys.executable, *sys.argv],
                              env={**os.environ, MARK: json.dumps(described)}).returncode
    finally:
        for host in started:
            host.stop_engine()
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
        subprocess.run(["umount", "-l", *[line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()
                                          if work in line]], capture_output=True)
        shutil.rmtree(work, ignore_errors=True)
