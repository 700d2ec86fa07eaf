"""The proxies that compare.py measures, and how each is told to do the same: one worker, keep-alive to one backend,
X-Forwarded-For and X-Forwarded-Proto set, and what a Setup asks for beside that."""
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Setup:
    """What is asked of a proxy beside forwarding everything to the backend."""
    name: str
    logs: bool = False  # access log and metrics on
    hosts: int = 0  # so many routers on Host; 0: one router for everything
    tls: bool = False  # clients speak TLS to the proxy: HTTP/2 and HTTP/1.1 by ALPN, TLS 1.3, tickets, the run's certificate
    mode: str = "http"  # a key of BACKENDS in compare.py; tcp and passthrough: bytes, whatever they mean


PLAIN = Setup("plain")
LOGS = Setup("logs", logs=True)
ONE_HOST = Setup("one-host", hosts=1)
MANY_HOSTS = Setup("many-hosts", hosts=10_000)
TLS = Setup("tls", tls=True)
GRPC = Setup("grpc", mode="grpc")  # HTTP/2 without TLS on both sides
WEBSOCKET = Setup("websocket", mode="websocket")
TCP = Setup("tcp", mode="tcp")
TERMINATION = Setup("termination", mode="tcp", tls=True)
PASSTHROUGH = Setup("passthrough", mode="passthrough")


def host_names(count):
    return [f"h{i}.example.test" for i in range(count)]


class Peer:
    """One contestant: a binary and the configuration it reads."""
    environment = {}
    version_arguments = ["-v"]

    def __init__(self, kind, binary):
        answer = subprocess.run([binary, *self.version_arguments], capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+(\.\d+)?", answer.stdout + answer.stderr)
        self.kind = kind
        self.binary = binary
        self.name = f"{kind} {found[0]}" if found else kind

    def supports(self, setup):
        return True

    def files(self, folder, port, backend, setup, hosts):
        """{path: text} of the whole configuration; `hosts` are the router names when the setup has any. Certificates are
        ../cert.pem, ../key.pem, and both in ../both.pem."""
        raise NotImplementedError

    def command(self, folder):
        raise NotImplementedError

    def reload(self, process):
        """Tells a running process that its files changed; the default is for those that watch them."""


NGINX_FORWARD = """proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off; proxy_max_temp_file_size 0; client_max_body_size 0; client_body_buffer_size 64k;
      proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;"""
NGINX_LOCATIONS = {
    "http": f'location / {{ {NGINX_FORWARD} proxy_set_header Connection ""; }}',
    "websocket": f"""location / {{ {NGINX_FORWARD}
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}""",
    "grpc": "location / { grpc_pass grpc://backend; grpc_set_header Host $host; }",
}


class Nginx(Peer):
    def __init__(self, kind, binary):
        super().__init__(kind, binary)
        built = subprocess.run([binary, "-V"], capture_output=True, text=True, check=False).stderr
        modules = re.search(r"--modules-path=(\S+)", built)
        module = Path(modules[1] if modules else "", "ngx_stream_module.so")
        dynamic = "--with-stream=dynamic" in built
        self.has_stream = module.exists() if dynamic else "--with-stream" in built
        self.load_stream = f"load_module {module};" if dynamic else ""

    def supports(self, setup):
        return self.has_stream or setup.mode not in ("tcp", "passthrough")

    def files(self, folder, port, backend, setup, hosts):
        certificate = f"ssl_certificate {folder}/../cert.pem; ssl_certificate_key {folder}/../key.pem;" if setup.tls else ""
        start = f"""
worker_processes 1; daemon off; user root; pid {folder}/nginx.pid; error_log {folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; multi_accept on; }}
"""
        if setup.mode in ("tcp", "passthrough"):
            return {folder / "nginx.conf": f"""{self.load_stream}{start}
stream {{
  access_log off; tcp_nodelay on; proxy_buffer_size 64k; {certificate}
  server {{ listen 127.0.0.1:{port}{" ssl" if setup.tls else ""} reuseport backlog=4096;
    proxy_pass 127.0.0.1:{backend}; }}
}}
"""}
        location = NGINX_LOCATIONS[setup.mode]
        options = (" ssl http2" if setup.tls else "") + (" http2" if setup.mode == "grpc" else "")
        listen = f"listen 127.0.0.1:{port}{options} reuseport backlog=4096"
        if setup.hosts:
            servers = f"  server {{ {listen} default_server; return 404; }}\n"
            listen = f"listen 127.0.0.1:{port}"
            servers += "".join(f"  server {{ {listen}; server_name {host}; {location} }}\n" for host in hosts)
        else:
            status = "location = /nginx_status { stub_status; }" if setup.logs else ""
            servers = f"  server {{ {listen}; {status} {location} }}\n"
        temporary = "".join(f"{kind}_temp_path {folder}/{kind}; "
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return {folder / "nginx.conf": f"""{start}
http {{
  access_log {f"{folder}/access.log" if setup.logs else "off"};
  tcp_nodelay on; keepalive_timeout 300s; keepalive_requests 1000000000; server_tokens off;
  server_names_hash_max_size 65536; server_names_hash_bucket_size 64; {temporary} {certificate}
  {"ssl_protocols TLSv1.2 TLSv1.3;" if setup.tls else ""}
  upstream backend {{
    server 127.0.0.1:{backend}; keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 300s; }}
{servers}}}
"""}

    def command(self, folder):
        return [self.binary, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]

    def reload(self, process):
        os.kill(process.pid, signal.SIGHUP)


class HAProxy(Peer):
    def files(self, folder, port, backend, setup, hosts):
        use = "default_backend b"
        files = {}
        if setup.hosts:
            use = f"use_backend %[req.hdr(host),field(1,:),lower,map_str({folder}/hosts.map)]"
            files[folder / "hosts.map"] = "".join(f"{host} b\n" for host in hosts)
        logs = "log stdout format raw local0" if setup.logs else ""
        metrics = "http-request use-service prometheus-exporter if { path /metrics }" if setup.logs else ""
        tls = f"ssl crt {folder}/../both.pem" if setup.tls else ""
        if setup.mode in ("tcp", "passthrough"):
            mode, bind, server = "tcp", tls, ""
            http = forwarded = ""
        else:
            mode, server = "http", "pool-max-conn -1" + (" proto h2" if setup.mode == "grpc" else "")
            bind = "proto h2" if setup.mode == "grpc" else f"{tls} alpn h2,http/1.1" if setup.tls else ""
            http = "timeout http-keep-alive 300s\n  http-reuse always\n  option forwardfor"
            forwarded = f"http-request set-header X-Forwarded-Proto {'https' if setup.tls else 'http'}"
        files[folder / "haproxy.cfg"] = f"""
global
  nbthread 1
  maxconn 12000
  no strict-limits
  stats socket {folder}/stats.sock mode 600 level admin expose-fd listeners
  {logs}
defaults
  mode {mode}
  {"log global" if logs else ""}
  {"option httplog" if logs else ""}
  timeout client 300s
  timeout server 300s
  timeout tunnel 300s
  timeout connect 5s
  {http}
  option splice-auto
frontend f
  bind 127.0.0.1:{port} backlog 4096 {bind}
  {forwarded}
  {metrics}
  {use}
backend b
  server s 127.0.0.1:{backend} {server}
"""
        return files

    def command(self, folder):
        return [self.binary, "-W", "-db", "-f", f"{folder}/haproxy.cfg"]

    def reload(self, process):
        os.kill(process.pid, signal.SIGUSR2)


class Traefik(Peer):
    """Traefik, and fairlead, which reads the same files."""
    environment = {"GOMAXPROCS": "1"}
    version_arguments = ["version"]

    def files(self, folder, port, backend, setup, hosts):
        observed = f"""
accessLog: {{filePath: "{folder}/access.log"}}
metrics: {{prometheus: {{entryPoint: web}}}}
""" if setup.logs else ""
        return {folder / "routes.yml": self._routes(folder, backend, setup, hosts), folder / "static.yml": f"""
entryPoints: {{web: {{address: "127.0.0.1:{port}"}}}}
providers: {{providersThrottleDuration: 1ms, file: {{filename: "{folder}/routes.yml", watch: true}}}}
serversTransport: {{maxIdleConnsPerHost: 4096}}
global: {{checkNewVersion: false, sendAnonymousUsage: false}}
{observed}"""}

    @staticmethod
    def _routes(folder, backend, setup, hosts):
        certificate = f"""
tls: {{stores: {{default: {{defaultCertificate: {{certFile: "{folder}/../cert.pem", keyFile: "{folder}/../key.pem"}}}}}}}}
""" if setup.tls else ""
        tls = "tls: {passthrough: true}" if setup.mode == "passthrough" else "tls: {}" if setup.tls else ""
        if setup.mode in ("tcp", "passthrough"):
            return f"""tcp:
  routers: {{r: {{rule: "HostSNI(`*`)", service: s, entryPoints: [web], {tls}}}}}
  services: {{s: {{loadBalancer: {{servers: [{{address: "127.0.0.1:{backend}"}}]}}}}}}
{certificate}"""
        rules = {f"r{i}": f"Host(`{host}`)" for i, host in enumerate(hosts)} if setup.hosts else {"r": "PathPrefix(`/`)"}
        routers = "".join(f'    {name}: {{rule: "{rule}", service: s, entryPoints: [web], {tls}}}\n'
                          for name, rule in rules.items())
        scheme = "h2c" if setup.mode == "grpc" else "http"
        return f"""http:
  routers:
{routers}  services:
    s: {{loadBalancer: {{servers: [{{url: "{scheme}://127.0.0.1:{backend}"}}]}}}}
{certificate}"""

    def command(self, folder):
        return [self.binary, f"--configFile={folder}/static.yml"]


class Caddy(Peer):
    environment = {"GOMAXPROCS": "1"}
    version_arguments = ["version"]

    def supports(self, setup):
        return setup.mode in ("http", "websocket") and not setup.tls

    def files(self, folder, port, backend, setup, hosts):
        proxy = f"""reverse_proxy 127.0.0.1:{backend} {{
    transport http {{
      compression off
      keepalive_idle_conns_per_host 4096
    }}
  }}"""
        log = f"log {{\n output file {folder}/access.log\n }}\n  metrics /metrics" if setup.logs else ""
        names = [f"http://{host}:{port}" for host in hosts] if setup.hosts else [f"http://:{port}"]
        sites = "".join(f"{name} {{\n  bind 127.0.0.1\n  {log}\n  {proxy}\n}}\n" for name in names)
        return {folder / "Caddyfile": f"{{\n  admin unix/{folder}/admin.sock\n  auto_https off\n}}\n{sites}"}

    def command(self, folder):
        return [self.binary, "run", "--config", f"{folder}/Caddyfile", "--watch"]


KINDS = {"fairlead": Traefik, "nginx": Nginx, "haproxy": HAProxy, "traefik": Traefik, "caddy": Caddy}


def find_peers(root):
    """fairlead first, Debian's nginx and HAProxy, then what NGINX_BIN, HAPROXY_BIN, TRAEFIK_BIN and CADDY_BIN name."""
    binaries = [("fairlead", os.environ.get("FAIRLEAD", str(root / "build/release/fairlead"))),
                ("nginx", shutil.which("nginx", path="/usr/sbin:/usr/bin")),
                ("haproxy", shutil.which("haproxy", path="/usr/sbin:/usr/bin"))]
    binaries += [(kind, os.environ.get(f"{kind.upper()}_BIN")) for kind in ("nginx", "haproxy", "traefik", "caddy")]
    peers = {}
    for kind, binary in binaries:
        if binary and Path(binary).exists():
            peer = KINDS[kind](kind, str(Path(binary).resolve()))
            peers.setdefault(peer.name, peer)
        elif binary:
            print(f"compare: no {kind} at {binary}, left out")
    return list(peers.values())
