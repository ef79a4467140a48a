"""How gunicorn runs the web processes, here and behind a real proxy.

gunicorn itself reads PORT (with it, it listens on every address; without, on port 8000 of this machine only)
and WEB_CONCURRENCY, the number of processes.
"""

from pathlib import Path

worker_class = "gthread"
# More than there are processors, since most wait for Redis to write to disk, and one write serves all that wait.
threads = 16
backlog = 2048
# Longer than the idle time of the usual proxies, so that it is they who close a connection, between two requests.
keepalive = 75
timeout = 30
graceful_timeout = 20
loglevel = "warning"
# A worker's heartbeat is a file: in memory, so that a busy disk is not taken for a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
