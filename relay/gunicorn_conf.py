"""How gunicorn runs the web processes, here and behind a real proxy.

gunicorn itself reads PORT (with it, it listens on every address; without, on port 8000 of this machine only)
and WEB_CONCURRENCY, the number of processes.
"""

from pathlib import Path

from relay.settings import log_format

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
# Its own words in the form of ours. They are named, not imported: what is loaded here stays as it is at a reload.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"facts": {"()": "relay.logs.formatter", "form": log_format()}},
    "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "facts", "stream": "ext://sys.stderr"}},
    "root": {"level": "WARNING", "handlers": ["err"]},
    "loggers": {"gunicorn.error": {"level": "WARNING", "handlers": ["err"], "propagate": False}},
}
