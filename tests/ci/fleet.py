"""fleet.py FACT: many profiles."""
import email.parser
import fcntl
import gzip
import http.server
import json
import marshal
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

SAMPLES = os.environ["SAMPLES"]
PROF2ANY = os.environ["PROF2ANY"]


def make_profile(path, number):
    """A pstats file of 40 functions, 80 arcs; times are whole in binary, so that sums are exact in any order."""
    table = {}
    for i in range(40):
        here = ("/srv/app/module%d.py" % (i % 7), i, "function%d" % i)
        callers = {("/srv/app/module%d.py" % (j % 7), j, "function%d" % j): (1, 1, 2.0 ** -10, 2.0 ** -9)
                   for j in ((i * 7 + 1) % 40, (i * 11 + 2) % 40)}
        table[here] = (2, 2, (1 + number % 5) * 2.0 ** -10, (2 + number % 5) * 2.0 ** -9, callers)
    with open(path, "wb") as file:
        file.write(marshal.dumps(table))


def make_fleet(n):
    os.mkdir("fleet")
    for number in range(n):
        make_profile("fleet/%05d.prof" % number, number)
    return sorted("fleet/" + name for name in os.listdir("fleet"))


def peak(names):
    """KiB at most in use while the profiles are added up. The sum goes into a pipe that is too small for
    it; while the program waits there, the kernel says what it has used. (What wait4 says of a child
    includes the Python that it was before it was the program.)"""
    # What is freed is given back at once, so that what is seen is what is used.
    env = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=0:thread_local_quarantine_size_kb=0")
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    child = subprocess.Popen([PROF2ANY, "--no-config", "-q", "-f", "json", *names], env=env, stdout=theirs)
    os.close(theirs)
    first = os.read(ours, 1)
    with open(f"/proc/{child.pid}/status") as file:
        used = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    with os.fdopen(ours, "rb") as rest:
        whole = json.loads(first + rest.read())
    assert child.wait() == 0
    assert len(whole["functions"]) == 40 and whole["functions"][0]["calls"] == 2 * len(names)
    return used


def adding_up_thousands_keeps_memory_flat():
    names = make_fleet(2000)
    few, many = peak(names[:20]), peak(names)
    print(f"peak memory: {few} KiB for 20 profiles, {many} KiB for {len(names)}")
    # What grows is the list of names of the inputs.
    assert many < few + 4096, (few, many)


def report(path):
    """The functions and their callers, as pstats prints them, without what names the file."""
    text = ""
    for more in ((), ("--callers",)):
        text += subprocess.run([PROF2ANY, "--no-config", "-q", path, "-f", "text", "--sort", "name", "-l", "all", *more],
                               capture_output=True, text=True, check=True).stdout.split("Ordered by", 1)[1]
    return text


def profiles_merge_as_a_tree():
    if not shutil.which("parallel"):
        sys.exit(77)
    names = make_fleet(150)
    os.rename("fleet/00000.prof", "fleet/a name with blanks.prof")
    env = dict(os.environ, FAN="7", JOBS="2", HOME=os.getcwd(), TMPDIR=os.getcwd())
    script = SAMPLES + "/fleet/merge.sh"
    def merge(*arguments, status=0, stdin=""):
        done = subprocess.run(["sh", script, *arguments], env=env, input=stdin, capture_output=True, text=True)
        assert done.returncode == status, done
        return done.stderr
    merge("tree.prof", "fleet")
    all_names = sorted("fleet/" + name for name in os.listdir("fleet"))
    subprocess.run([PROF2ANY, "--no-config", "-q", "-o", "line.prof", *all_names], check=True)
    assert report("tree.prof") == report("line.prof")
    assert report("tree.prof") != report(names[1])
    merge("listed.prof", stdin="\n".join(all_names) + "\n")
    assert report("listed.prof") == report("line.prof")
    merge("one.prof", stdin=names[1] + "\n")
    assert report("one.prof") == report(names[1])
    # A recorded tree stays one, calls included.
    shutil.rmtree("fleet")
    os.mkdir("fleet")
    for number in range(20):
        shutil.copy(SAMPLES + "/profiles/p2a/nested-allocations.p2a", f"fleet/{number}.p2a")
    merge("trees.json", "fleet")
    subprocess.run([PROF2ANY, "check", "--no-config", "-q", "trees.json", "--must", "walk == 2420",
                    "--must", "walk -> fib == 2420", "--must", "contexts > 6"], check=True, capture_output=True)
    # One that can't be read fails all, and leaves nothing.
    with open("fleet/bad.p2a", "w") as file:
        file.write("no profile")
    assert "not a profile in a known format" in merge("bad.json", "fleet", status=3)
    assert not os.path.exists("bad.json")
    assert "no profiles" in merge("none.json", status=3)
    assert not [name for name in os.listdir(".") if name.startswith("tmp.")]


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """[(number, value)] of a protobuf message; what isn't whole raises."""
    found, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            assert key & 7 == 2, key
            n, at = varint(data, at)
            value = data[at:at + n]
            assert len(value) == n
            at += n
        found.append((key >> 3, value))
    return found


class StandIn(http.server.BaseHTTPRequestHandler):
    """Takes what Pyroscope and Parca take, and keeps it."""
    requests, answer = [], None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        StandIn.requests.append((urllib.parse.urlsplit(self.path), self.headers, body))
        status, headers, answer = StandIn.answer or (200, {}, b"")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def ship(server, *profiles, status=0, **env):
    StandIn.requests.clear()
    done = subprocess.run(["sh", SAMPLES + "/fleet/ship.sh", *profiles], capture_output=True, text=True,
                          env=dict(os.environ, no_proxy="*", **env))
    assert done.returncode == status, done
    return done.stderr


def check_pprof(data, path):
    """It is gzip, has a time, a duration and a period, and reads as the profile it came from."""
    message = fields(gzip.decompress(data))
    last = dict(message)
    assert last[9] == 1700000000 * 10 ** 9 and last[10] == 30 * 10 ** 9 and last[12] == 1, last
    with open("shipped.pb.gz", "wb") as file:
        file.write(data)
    texts = [subprocess.run([PROF2ANY, "--no-config", "-q", name, "-f", "folded", "--metric", "time"],
                            capture_output=True, check=True).stdout for name in ("shipped.pb.gz", path)]
    assert sorted(texts[0].splitlines()) == sorted(texts[1].splitlines()), texts


def pprof_is_shipped_as_pyroscope_and_parca_take_it():
    if not shutil.which("curl"):
        sys.exit(77)
    path = SAMPLES + "/profiles/p2a/dispatch.p2a"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    when = {"FROM": "1700000000", "UNTIL": "1700000030"}

    ship(server, "pyroscope", url + "/", "shop.web", path, path, TENANT="shop", TOKEN="secret",
         LABELS="env=prod,region=eu west", **when)
    assert len(StandIn.requests) == 2
    place, headers, body = StandIn.requests[0]
    assert place.path == "/ingest"
    assert urllib.parse.parse_qs(place.query, strict_parsing=True) == {
        "name": ["shop.web{env=prod,region=eu west}"], "from": ["1700000000"], "until": ["1700000030"],
        "format": ["pprof"], "spyName": ["prof2any"]}, place.query
    assert headers["Authorization"] == "Bearer secret" and headers["X-Scope-OrgID"] == "shop"
    assert headers.get_content_type() == "multipart/form-data"
    form = email.parser.BytesParser().parsebytes(
        b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    parts = {part.get_param("name", header="Content-Disposition"): part for part in form.get_payload()}
    assert set(parts) == {"profile", "sample_type_config"}
    kinds = json.loads(parts["sample_type_config"].get_payload(decode=True))
    assert kinds["time"] == {"units": "nanoseconds", "aggregation": "sum", "sampled": False}
    check_pprof(body.split(b"\r\n\r\n", 2)[1].split(b"\r\n--" + form.get_boundary().encode())[0], path)
    StandIn.answer = (422, {}, b"no such tenant")
    ship(server, "pyroscope", url, "shop.web", path, status=22, **when)

    StandIn.answer = (200, {"Content-Type": "application/grpc-web+proto"},
                      b"\0\0\0\0\0\x80\0\0\0\x10grpc-status: 0\r\n")
    ship(server, "parca", url, "process_cpu", path, TOKEN="secret", LABELS="env=prod,region=eu=west", **when)
    place, headers, body = StandIn.requests[0]
    assert (place.path, place.query) == ("/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw", "")
    assert headers["Content-Type"] == "application/grpc-web+proto" and headers["X-Grpc-Web"] == "1"
    assert headers["Authorization"] == "Bearer secret"
    assert body[0] == 0 and int.from_bytes(body[1:5], "big") == len(body) - 5
    (series_key, series), (normalized_key, normalized) = fields(body[5:])
    assert (series_key, normalized_key, normalized) == (2, 3, 1)
    (labels_key, labels), (samples_key, sample) = fields(series)
    assert (labels_key, samples_key) == (1, 2)
    pairs = [dict(fields(pair)) for key, pair in fields(labels) if key == 1]
    assert pairs == [{1: b"__name__", 2: b"process_cpu"}, {1: b"env", 2: b"prod"}, {1: b"region", 2: b"eu=west"}], pairs
    (raw_key, raw), = fields(sample)
    assert raw_key == 1
    check_pprof(raw, path)
    # HTTP says 200 where gRPC says no: in the headers, or behind the answer.
    StandIn.answer = (200, {"grpc-status": "3", "grpc-message": "no labels"}, b"")
    assert "no labels" in ship(server, "parca", url, "process_cpu", path, status=1, **when)
    StandIn.answer = (200, {}, b"\x80\0\0\0\x11grpc-status: 16\r\n")
    ship(server, "parca", url, "process_cpu", path, status=1, **when)
    assert "no server 'jaeger'" in ship(server, "jaeger", url, "a", path, status=2)
    server.shutdown()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(os.path.realpath(folder))
        globals()[sys.argv[1]]()
        os.chdir("/")
