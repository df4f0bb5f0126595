"""paramiko: connects, logs in, runs `true`, closes. login.py HOST PORT USER KEY KNOWN_HOSTS TIMES prints
the seconds of each time, without those of starting Python."""
import sys
import time

import paramiko


def login(host, port, user, key, known_hosts):
    """Once."""
    client = paramiko.SSHClient()
    client.load_host_keys(known_hosts)
    client.connect(host, int(port), user, key_filename=key, look_for_keys=False, allow_agent=False)
    _, stdout, _ = client.exec_command("true")
    assert stdout.channel.recv_exit_status() == 0
    client.close()


for _ in range(int(sys.argv[6])):
    begun = time.monotonic()
    login(*sys.argv[1:6])
    print(time.monotonic() - begun, flush=True)
