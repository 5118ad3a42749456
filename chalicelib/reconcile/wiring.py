"""Build the reconciliation for the command and for the schedule."""

from datetime import timedelta

from chalicelib import wiring
from chalicelib.domain.ids import UserId
from chalicelib.photos.rotation import Rotations
from chalicelib.reconcile.accounts import AccountRepairs
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
from chalicelib.stores.dynamodb.audit import DynamoAudit
from chalicelib.stores.dynamodb.reconciliations import DynamoRunStore


def run_store() -> DynamoRunStore:
    """Return the store of the latest run."""
    return DynamoRunStore(wiring.settings(), wiring.dynamodb())


def build_reconciliation(options: Options, emit: Emit) -> Reconciliation:
    """Return a reconciliation with these options. `emit` reports its findings."""
    settings, now = wiring.settings(), wiring.now
    audit = DynamoAudit(settings, wiring.dynamodb())
    listings = wiring.bucket().listings
    loader = PhotoLoader(audit, listings, now, timedelta(seconds=options.min_age_seconds))
    rotations = Rotations(wiring.photo_store(), wiring.bucket(), now)
    photos = PhotoRepairs(loader, audit, wiring.photo_store(), wiring.bucket(), wiring.confirmation(), rotations)
    accounts = AccountRepairs(loader, audit, listings, wiring.user_pool(), now)
    content = ContentChecks(wiring.bucket(), listings) if options.read_content else None
    account = UserId(options.account) if options.account else None
    users = AccountPass(audit, loader, photos, accounts, content, account)
    rebuilding: list[Pass] = [users, FolderPass(audit, listings, accounts, users, account)]
    passes = rebuilding
    if not options.only_rebuild:
        passes = [
            DerivedRowPass(audit, "entry_table", "entry", loader, photos, account),
            *rebuilding,
            DerivedRowPass(audit, "term_table", "search-row", loader, photos, account),
            DerivedRowPass(audit, "account_table", "digest", loader, photos, account),
            RatingPass(audit, loader, photos, account),
            AlbumPass(audit, AlbumRepairs(audit, now), account),
            *([] if account else [UploadPass(listings, now)]),
        ]
    return Reconciliation(passes, run_store(), now, emit, options)
