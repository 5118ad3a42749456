"""The whole cloud on one machine, with the app in front: `python -m local`, which `make run` calls."""

import argparse
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.cloud import Cloud

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run until Ctrl-C, SIGTERM or SIGHUP. Returns the exit status."""
    options = _options()
    for number in _STOPS:
        signal.signal(number, signal.default_int_handler)
    try:
        from local import cloud
    except ModuleNotFoundError as error:
        return _cannot(error)
    try:
        if options.port == options.aws_port:
            raise cloud.CannotRun(f"Port {options.port} cannot be both: choose another PORT or AWS_PORT.")
        cloud.require_free(options.port, "PORT")
        with cloud.running(options.data, options.aws_port, f"http://localhost:{options.port}") as running:
            _serve(running, options.port)
        return _cannot(f"ministack stopped by itself; {options.data}/ministack.log says more.")
    except (cloud.CannotRun, ModuleNotFoundError) as error:
        return _cannot(error)
    except KeyboardInterrupt:
        return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="Run Photoshare and its cloud on this machine."
    )
    parser.add_argument("--port", type=int, default=8000, help="of the app")
    parser.add_argument("--aws-port", type=int, default=4566, help="of the AWS services")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="the directory that everything is kept in")
    return parser.parse_args()


def _serve(running: "Cloud", port: int) -> None:
    """Run the functions until ministack ends or the process receives a signal."""
    from local import functions, people

    with contextlib.ExitStack() as stack:
        started = functions.Functions(running, port)
        stack.callback(started.stop)
        stack.callback(people.watch_mail(running, _say).set)
        password = people.demo_password(running)
        started.start_others()
        _say(f"Photoshare: http://localhost:{port}")
        _say(f"Sign in as {people.DEMO}, password {password}, or sign up: mail is shown here.")
        _say(f"AWS: {running.env['AWS_ENDPOINT_URL']}; everything is kept in {running.data}. Ctrl-C stops.")
        stack.callback(_stop_listening_to_signals)
        started.supervise()


def _stop_listening_to_signals() -> None:
    # A second Ctrl-C would otherwise cut the writing of the state short.
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)


def _say(line: str) -> None:
    print(line, flush=True)


def _cannot(reason: object) -> int:
    if isinstance(reason, ModuleNotFoundError):
        reason = f"The package {reason.name} is not installed: run `pip install -r requirements-dev.txt`."
    print(reason, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
