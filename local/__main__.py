"""Run the app and the AWS services that it uses on one machine: `python -m local`, which `make run` calls."""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from local.data import CannotRun, require_free_port

if TYPE_CHECKING:
    from local.cloud import Cloud

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run until Ctrl-C, SIGTERM or SIGHUP. Return the exit status."""
    options = _parse_options()
    for number in _STOPS:
        signal.signal(number, _interrupt)
    _ignore_aws_settings()
    try:
        from local import cloud
    except ModuleNotFoundError as error:
        return _report_failure(error)
    except KeyboardInterrupt:
        return 0
    try:
        if options.port == options.aws_port:
            raise CannotRun(
                f"Port {options.port} is the port of both the app and AWS. Choose another PORT or AWS_PORT."
            )
        require_free_port(options.port, "PORT")
        url = f"http://localhost:{options.port}"
        with cloud.run_cloud(options.data, options.aws_port, url, options.store) as running_cloud:
            _serve(running_cloud, options.port, options.data / "requests.log" if not options.verbose else None)
        return _report_failure(f"ministack stopped unexpectedly. See {options.data}/ministack.log.")
    except (CannotRun, ModuleNotFoundError) as error:
        return _report_failure(error)
    except PermissionError as error:
        return _report_failure(
            f"You have no permission for {error.filename}. Change its owner, or choose another DATA."
        )
    except KeyboardInterrupt:
        return 0


def _ignore_aws_settings() -> None:
    """Keep the AWS settings of the developer, and a proxy, away from the local cloud."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ["NO_PROXY"] = "localhost,127.0.0.1"


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="Run Photoshare and its cloud on this machine."
    )
    parser.add_argument("--port", type=int, default=8000, help="port of the app")
    parser.add_argument("--aws-port", type=int, default=4566, help="port of the AWS services")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="directory of all data")
    parser.add_argument("--store", choices=("dynamodb", "postgres"), help="database of the photos' rows")
    parser.add_argument("--verbose", action="store_true", help="print request logs instead of writing requests.log")
    options = parser.parse_args()
    if options.data == Path():
        parser.error("DATA is empty. Choose a directory for DATA.")
    return options


def _serve(running_cloud: "Cloud", port: int, log_file: Path | None) -> None:
    """Run the functions until ministack ends or the process receives a signal."""
    from local import functions, users

    with contextlib.ExitStack() as stack:
        started = functions.Functions(running_cloud, port, log_file)
        stack.callback(started.stop)
        stack.callback(users.watch_mail(running_cloud, _print_line).set)
        password = users.ensure_demo_account(running_cloud)
        started.start_others()
        _print_line(f"AWS emulator: {running_cloud.env['AWS_ENDPOINT_URL']}. The data is in {running_cloud.data}.")
        _print_line(
            f"{f'Requests are logged in {log_file}. ' if log_file else ''}E-mails to users appear in this terminal."
        )
        _print_line(f"Sign in as {users.DEMO_EMAIL} with the password {password}.")
        _print_line("To create more accounts, see docs/local.md.")
        _print_line(f"Photoshare: http://localhost:{port} (press Ctrl-C to stop)")
        started.supervise()


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    # Ignore a second signal, because it would interrupt the writing of the state.
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _print_line(line: str) -> None:
    print(line, flush=True)


def _report_failure(reason: object) -> int:
    if isinstance(reason, ModuleNotFoundError):
        reason = f"The package {reason.name} is not installed. Run `pip install -r requirements-dev.txt`."
    print(reason, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
