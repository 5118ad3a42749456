"""Build the reconciliation for the command and for the schedule."""

from datetime import timedelta

from chalicelib import wiring
from chalicelib.domain.ids import UserId
from chalicelib.photos.rotation import Rotations
from chalicelib.reconcile.accounts import AccountLoader, AccountRepairs
from chalicelib.reconcile.albums import AlbumRepairs
from chalicelib.reconcile.content import ContentChecks
from chalicelib.reconcile.passes import (
    AccountPass,
    AlbumPass,
    DerivedRowPass,
    FolderPass,
    Pass,
    RatingPass,
    UploadPass,
)
from chalicelib.reconcile.photo_loader import PhotoLoader
from chalicelib.reconcile.photo_repairs import PhotoRepairs
from chalicelib.reconcile.run import Emit, Options, Reconciliation
from chalicelib.reconcile.sources import Sources


def build_reconciliation(options: Options, emit: Emit, first: Sources | None = None) -> Reconciliation:
    """Return a reconciliation with these options. `emit` reports its findings.

    The first look reads `first` if given. Every other look reads the current state of the stage.
    """
    now, listings, stores = wiring.now, wiring.bucket().listings, wiring.stores()
    audit = stores.audit
    current = Sources(audit, listings, wiring.user_pool().has_user, now)
    first = first or current
    rows, settling_time = first.rows, timedelta(seconds=options.min_age_seconds)
    first_photos = PhotoLoader(first, settling_time, options.max_photos)
    current_photos = PhotoLoader(current, settling_time)
    rotations = Rotations(stores.photos, wiring.bucket(), now)
    photos = PhotoRepairs(current_photos, audit, stores.photos, wiring.bucket(), wiring.confirmation(), rotations)
    current_accounts = AccountLoader(current, current_photos)
    accounts = AccountRepairs(AccountLoader(first, first_photos), current_accounts, current_photos, audit, now)
    content = ContentChecks(wiring.bucket(), listings) if options.read_content else None
    account = UserId(options.account) if options.account else None
    users = AccountPass(rows, first_photos, photos, accounts, content, account)
    passes: list[Pass] = [users, FolderPass(first, current, current_accounts, users, account)]
    if not options.only_rebuild:
        derived = {kind: DerivedRowPass(rows, kind, first_photos, photos, account) for kind in rows.kinds}
        passes = [
            derived.pop("entry"),
            *passes,
            *derived.values(),
            RatingPass(rows, first_photos, photos, account),
            AlbumPass(rows, AlbumRepairs(rows, audit, now), account),
            *([] if account else [UploadPass(listings, now)]),
        ]
    return Reconciliation(passes, stores.runs, now, emit, options)
