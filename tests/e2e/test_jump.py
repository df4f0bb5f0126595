"""Through jump hosts: any number, each with its own port, user, key and host-key check, without a
local port; who is at fault is always named."""
import json
import pathlib
import signal

import pytest
from program import ENDLESS, listens, wait_until
from sshd import Sshd

STREAM = {"table": "t", "primary_key": ["id"],
          "command": "seq 3000 | sed 's/.*/{\"id\":&}/'"}


@pytest.fixture(scope="module")
def hops():
    """Two jump hosts, in order; neither runs commands."""
    with Sshd(config=["ForceCommand false"]) as first, Sshd(config=["MaxSessions 0"]) as second:
        yield first, second


@pytest.fixture
def chain(configuration, sshd, tmp_path):
    """chain(hop, ..., key=value): the configuration for the shared server behind the hops, each
    with its own key and known_hosts."""

    def make(*jumps, server=sshd, **changes):
        keys = [{"ssh_host": hop.host, "ssh_port": hop.port, "ssh_user": hop.user,
                 "ssh_private_key_path": str(hop.key),
                 "ssh_known_hosts_path": str(hop.known_hosts)} for hop in jumps]
        return configuration(STREAM, server=server, **{"ssh_jump": keys, **changes})

    return make


def known_together(path, *servers):
    path.write_text("".join(server.known_hosts.read_text() for server in servers))
    return str(path)


def authorize_everywhere(key, *servers):
    for server in servers:
        server.authorize(key)


def test_two_hops_with_their_own_keys(towline, chain, hops, sshd, warehouse):
    towline("sync", config=chain(*hops)).expect(0)
    assert warehouse.count("t") == 3000
    for hop in hops:
        assert f"Accepted publickey for {hop.user}" in hop.log()


def test_text_form_takes_the_main_hosts_key(towline, chain, hops, sshd, warehouse, tmp_path):
    authorize_everywhere(sshd.key, *hops)
    first, second = hops
    known = known_together(tmp_path / "known_hosts", first, second, sshd)
    for text in (f"{first.user}@127.0.0.1:{first.port},{second.user}@127.0.0.1:{second.port}",
                 f"ssh://{first.user}@127.0.0.1:{first.port},ssh://127.0.0.1:{second.port}",
                 f" 127.0.0.1:{first.port} , {second.user}@127.0.0.1:{second.port} ",
                 [f"127.0.0.1:{first.port}", {"ssh_host": "127.0.0.1", "ssh_port": second.port}],
                 json.dumps([f"127.0.0.1:{first.port},127.0.0.1:{second.port}"])):
        towline("sync", config=chain(ssh_jump=text, ssh_known_hosts_path=known)).expect(0)
        assert warehouse.count("t") == 3000


def test_no_port_is_opened_here(towline, chain, hops, tmp_path):
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"
    stream = {**STREAM, "command": f"echo '{{\"id\":1}}'; : >{begun}; "
                                   f"until [ -e {go_on} ]; do sleep 0.1; done"}
    process = towline.start("sync", config=chain(*hops, streams=[stream]))
    try:
        wait_until(begun.exists)
        assert not listens(process.pid)
    finally:
        go_on.touch()
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr.decode()


def test_check_shows_each_hop(towline, chain, hops):
    result = towline("check", "--json", config=chain(*hops)).expect(0)
    steps = [step["step"] for step in json.loads(result.stdout)]
    phases = ["name lookup", "TCP", "SSH handshake: banner", "SSH handshake: key exchange",
              "host key", "authentication"]
    assert steps[1:19] == [f"127.0.0.1: {phase}" for phase in phases] * 2 + phases
    fingerprints = [step["detail"] for step in json.loads(result.stdout)
                    if step["step"].endswith("host key")]
    assert all("SHA256:" in detail for detail in fingerprints) and len(set(fingerprints)) == 3


def test_hop_without_a_server(towline, chain, hops, sshd):
    first, second = hops
    result = towline("check", config=chain(
        first, second, ssh_jump=[{"ssh_host": "127.0.0.1", "ssh_port": 1,
                                  "ssh_known_hosts_path": str(first.known_hosts)}]))
    assert result.code == 3
    assert "jump host 127.0.0.1: cannot connect to 127.0.0.1 port 1" in result.stdout
    assert "skipped authentication" in result.stdout.replace("- ", "skipped ").replace("  ", " ")
    towline("sync", config=chain(first, ssh_port="1")).expect(
        3, f"jump host {first.user}@127.0.0.1:{first.port}: the server cannot reach 127.0.0.1 port 1")
    towline("sync", config=chain(first, ssh_jump=[{
        "ssh_host": "no-such-host.invalid", "ssh_port": "22"}])).expect(
            3, "jump host no-such-host.invalid", "cannot look up")


def test_target_that_a_hop_hears_nothing_of(towline, chain, hops, silent_port):
    first = hops[0]
    result = towline("sync", config=chain(first, ssh_port=str(silent_port),
                                          ssh_connect_timeout="3"))
    result.expect(3, f"jump host {first.user}@127.0.0.1:{first.port}: no answer in time about a "
                  f"channel to 127.0.0.1 port {silent_port}", "firewall")


def test_hop_that_lets_nobody_through(towline, chain, make_sshd):
    bastion = make_sshd(config=["AllowTcpForwarding no"])
    towline("sync", config=chain(bastion, retry_attempts="3")).expect(
        3, f"jump host {bastion.user}@127.0.0.1:{bastion.port}", "AllowTcpForwarding")
    assert bastion.log().count("Accepted publickey") == 1


@pytest.mark.parametrize("which", [0, 1])
def test_host_key_of_each_hop_is_checked_under_its_own_name(towline, chain, hops, sshd, which,
                                                            tmp_path):
    config = chain(*hops)
    empty = tmp_path / "none"
    empty.touch()
    config["ssh_jump"][which]["ssh_known_hosts_path"] = str(empty)
    hop = hops[which]
    before = hop.log().count("Accepted")
    result = towline("sync", config=config).expect(
        4, f"jump host {hop.user}@127.0.0.1:{hop.port}: the host key")
    assert hop.log().count("Accepted") == before
    fingerprint = next(word for word in result.stderr.split() if word.startswith("SHA256:"))
    towline("check", "--approve", fingerprint, config=config).expect(0)
    assert f"[127.0.0.1]:{hop.port} " in empty.read_text()
    towline("sync", config=config).expect(0)


def test_target_behind_a_hop_is_checked_too(towline, chain, hops, tmp_path):
    (tmp_path / "none").touch()
    towline("sync", config=chain(*hops, ssh_known_hosts_path=str(tmp_path / "none"))).expect(
        4, "the host key")
    config = chain(*hops)
    config["ssh_jump"][0]["ssh_host_key_sha256"] = "SHA256:" + "A" * 43
    towline("sync", config=config).expect(4, "jump host", "ssh_host_key_sha256 says")


@pytest.mark.parametrize("which", [0, 1])
def test_login_refused_by_a_hop(towline, chain, hops, sshd, which):
    stranger = sshd.make_key("id_stranger", authorize=False)
    config = chain(*hops)
    config["ssh_jump"][which]["ssh_private_key_path"] = str(stranger)
    hop = hops[which]
    towline("sync", config=config).expect(
        5, f"jump host {hop.user}@127.0.0.1:{hop.port}: the server refused the login")


def test_password_is_not_shown_to_a_jump_host(towline, chain, hops):
    first = hops[0]
    config = chain(first, ssh_jump=f"127.0.0.1:{first.port}", ssh_private_key_path=None,
                   ssh_known_hosts_path=str(first.known_hosts), ssh_password="secret-of-the-host")
    towline("sync", config=config).expect(2, "jump host", "no way to log in", "ssh_jump")
    assert "password" not in first.log().lower()


@pytest.mark.parametrize("jump, message", [
    ("user@", "user@host:port"), ("@host", "user@host:port"), ("h:0", "user@host:port"),
    ("h:70000", "user@host:port"), ("a,,b", "commas"), ("h:", "user@host:port"),
    ([{"ssh_hots": "h"}], 'unknown key "ssh_jump[0].ssh_hots"'),
    ([{"ssh_port": "22"}], '"ssh_jump[0].ssh_host" is missing'), (["a b"], "ssh_host"),
    (["-oProxyCommand=x"], "ssh_host"),
])
def test_jump_that_cannot_be_read(towline, chain, jump, message):
    towline("sync", config=chain(ssh_jump=jump)).expect(2, message)


def test_list_that_begins_with_an_address_in_brackets(towline, chain):
    towline("sync", config=chain(ssh_jump="[::1]:1,[::1]:2")).expect(3, "jump host ::1")


@pytest.mark.parametrize("which", [0, 1])
def test_a_lost_hop_is_named(towline, chain, make_sshd, sshd, which):
    hops = make_sshd(), make_sshd()
    stream = {**STREAM, "command": f"echo '{{\"id\":1}}'; : hop {which}; {ENDLESS}"}
    process = towline.start("sync", config=chain(*hops, streams=[stream]))
    wait_until(lambda: any(f": hop {which}" in line for line in sshd.commands()))
    hops[which].drop_connections()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3, stderr.decode()
    assert f"jump host {hops[which].user}@127.0.0.1:{hops[which].port}: the server closed the " \
        "connection" in stderr.decode()


def test_a_hop_that_ends_while_it_connects_is_noticed_and_named(towline, chain, make_sshd,
                                                                silent_port):
    bastion = make_sshd()
    connecting = f" 0100007F:{silent_port:04X} 02 "
    before = pathlib.Path("/proc/net/tcp").read_text().count(connecting)
    process = towline.start("sync", config=chain(bastion, ssh_port=str(silent_port),
                                                 ssh_connect_timeout="300",
                                                 ssh_keepalive_interval="3600"))
    wait_until(lambda: pathlib.Path("/proc/net/tcp").read_text().count(connecting) > before)
    bastion.drop_connections()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3, stderr.decode()
    assert f"jump host {bastion.user}@127.0.0.1:{bastion.port}: the server closed the " \
        "connection" in stderr.decode()


def test_a_silent_hop_is_noticed_and_named(towline, chain, make_sshd, sshd):
    bastion = make_sshd()
    stream = {**STREAM, "command": f"echo '{{\"id\":1}}'; : silent; {ENDLESS}"}
    process = towline.start("sync", config=chain(bastion, streams=[stream],
                                                 ssh_keepalive_interval="1"))
    wait_until(lambda: any(": silent" in line for line in sshd.commands()))
    bastion.freeze()
    try:
        _, stderr = process.communicate(timeout=60)
    finally:
        bastion.thaw()
    assert process.returncode == 3, stderr.decode()
    assert f"jump host {bastion.user}@127.0.0.1:{bastion.port}: no sign of life" in stderr.decode()


def test_a_large_output_and_a_large_input(towline, chain, hops, warehouse):
    text = "".join(f'{{"id":{n},"v":"{"x" * 1000}"}}\n' for n in range(3000))
    streams = [{"table": "echoed", "primary_key": ["id"], "command": "cat", "stdin": text},
               {"table": "big", "primary_key": ["id"],
                "command": "seq 300000 | sed 's/.*/{\"id\":&,\"v\":\"some text to make it longer\"}/'"}]
    towline("sync", config=chain(*hops, streams=streams)).expect(0)
    assert warehouse.count("echoed") == 3000 and warehouse.count("big") == 300000


def test_keys_are_exchanged_anew_while_much_is_under_way(towline, chain, make_sshd, warehouse):
    """What the jump host has brought waits to be read by the session inside of it."""
    hop = make_sshd(config=["RekeyLimit 700K"])
    long = {**STREAM, "command": f"seq 60000 | sed 's/.*/{{\"id\":&,\"v\":\"{'x' * 200}\"}}/'"}
    towline("sync", config=chain(hop, streams=[long], idle_timeout="10")).expect(0)
    assert warehouse.count("t") == 60000


def test_interrupt_ends_all(towline, chain, hops, sshd):
    stream = {**STREAM, "command": f"echo '{{\"id\":1}}'; : interrupted; {ENDLESS}"}
    process = towline.start("sync", config=chain(*hops, streams=[stream]))
    wait_until(lambda: any(": interrupted" in line for line in sshd.commands()))
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr.decode()
    wait_until(lambda: hops[0].sessions() == 0)
