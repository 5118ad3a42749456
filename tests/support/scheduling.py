"""Distribute the tests to the processes of pytest-xdist."""

import pytest
from xdist.scheduler import LoadGroupScheduling

LONGEST = (
    *("page", "tours", "local", "packaged", "test_whole_service_on_postgres.py", "postgres", "policies"),
    *("test_on_postgres.py", "test_feed_statistics.py", "test_dynamodb_feed.py", "test_model.py"),
)
"""The groups and modules that take longest. If they ran last, the other processes would wait for them."""
_RANKS = {name: rank for rank, name in enumerate(LONGEST)}


class Modules(LoadGroupScheduling):
    """Give a whole module to one process, so that its tests share a deployment. A group may have several modules."""

    def _split_scope(self, nodeid: str) -> str:
        group_or_test: str = super()._split_scope(nodeid)
        return group_or_test.partition("::")[0]


def rank(item: pytest.Item) -> int:
    """Return the sort key of a test. The longest groups and modules come first."""
    group = item.get_closest_marker("xdist_group")
    return _RANKS.get(group.args[0] if group else item.path.name, len(_RANKS))
