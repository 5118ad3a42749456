"""The modules whose mutants are tested, with their files and tests."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.support.mutants.source import Mutant, list_mutants

REASONS = Path(__file__).with_name("survivors.json")
"""The survivors that no test should kill, each with the reason."""


class Module(NamedTuple):
    """Files that belong together, and the tests that should detect a change in them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    only_conditions: bool = False


def _module(files: Iterable[str], tests: Iterable[str], *, only_conditions: bool = False) -> Module:
    """Return a module. `files` are relative to `chalicelib`, and `tests` to `tests`."""
    paths = tuple(f"chalicelib/{file}" for file in files), tuple(f"tests/{test}" for test in tests)
    return Module(*paths, only_conditions)


MODULES = {
    "tokens": _module(("auth/tokens.py",), ("auth/test_tokens.py", "auth/test_key_set.py")),
    "access": _module(
        ("photos/access.py", "albums/access.py"),
        (
            "http/test_permissions.py",
            "photos/test_access.py",
            "photos/test_batches.py",
            "albums/test_batches.py",
            "albums/test_album_photos.py",
            "albums/test_links.py",
        ),
    ),
    "cursors": _module(("domain/cursors.py",), ("domain/test_cursors.py", "photos/test_lists.py")),
    "confirmation": _module(
        ("uploads/confirmation.py", "uploads/outcomes.py", "uploads/lost_rows.py", "uploads/s3_events.py"),
        (
            "uploads/test_outcomes.py",
            "uploads/test_confirm.py",
            "uploads/test_confirm_without_row.py",
            "uploads/test_versions.py",
            "uploads/test_s3_events.py",
            "uploads/test_import.py",
            "uploads/test_moderation.py",
            "uploads/test_large_photos.py",
            "uploads/test_uploads.py",
            "uploads/test_event_orders.py",
            "photos/test_attempts.py",
            "reconcile/test_lost_rows.py",
            "jobs/test_sweep.py",
            "infra/test_metrics.py",
            "infra/test_logs.py",
        ),
    ),
    "grants": _module(
        ("uploads/grants.py",),
        (
            "uploads/test_grants.py",
            "uploads/test_uploads.py",
            "uploads/test_import.py",
            "uploads/test_media_types.py",
            "uploads/test_confirm.py",
            "uploads/test_large_photos.py",
            "infra/test_metrics.py",
        ),
    ),
    "links": _module(
        ("albums/links.py", "albums/link_creation.py", "domain/share_links.py"),
        (
            "domain/test_share_links.py",
            "albums/test_links.py",
            "albums/test_link_passwords.py",
            "albums/test_idempotency.py",
            "release/test_read_only.py",
        ),
    ),
    "conditions": _module(
        tuple(
            f"stores/dynamodb/{name}.py"
            for name in (
                "account_deletion",
                "albums",
                "audit",
                "calls",
                "entries",
                "idempotency",
                "photos",
                "ratings",
                "reconciliations",
                "share_links",
                "usage",
                "user_requests",
            )
        ),
        (
            *(
                f"stores/test_{name}.py"
                for name in (
                    "account_deletion_store",
                    "album_store",
                    "dynamodb",
                    "dynamodb_account_deletion",
                    "dynamodb_copies",
                    "dynamodb_timeline",
                    "entry_store",
                    "idempotency_store",
                    "photo_lists",
                    "photo_store",
                    "rating_store",
                    "reconciliations",
                    "row_audit",
                    "user_request_store",
                )
            ),
            "test_races.py",
            "albums/test_propagation.py",
            "reconcile/test_kinds.py",
            "reconcile/test_run.py",
        ),
        only_conditions=True,
    ),
}


@cache
def list_module_mutants(name: str) -> list[Mutant]:
    """Return the mutants of a module."""
    module = MODULES[name]
    return [mutant for file in module.files for mutant in list_mutants(file, only_conditions=module.only_conditions)]


def read_reasons() -> dict[str, str]:
    """Return the reasons of the survivors by the names of the mutants."""
    return msgspec.json.decode(REASONS.read_bytes(), type=dict[str, str])
