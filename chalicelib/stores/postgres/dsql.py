"""Connections to Aurora DSQL. The password is an IAM token, and TLS verifies the server."""

import os
import re

import psycopg
from botocore.exceptions import BotoCoreError
from botocore.httpsession import get_cert_path
from psycopg.conninfo import make_conninfo

from chalicelib.infra import aws
from chalicelib.infra.settings import DsqlCluster
from chalicelib.stores.postgres.database import Connection, Database, connect
from chalicelib.stores.postgres.dialects import DSQL

_ADMIN = "admin"
_ENDPOINT = re.compile(r"\w+\.dsql[\w-]*\.([\w-]+)\.on\.[\w.]+")


class InvalidEndpoint(Exception):
    """The setting `DSQL_ENDPOINT` is not an endpoint of Aurora DSQL."""


def open_database(cluster: DsqlCluster) -> Database:
    """Return the database of a cluster. Connect at the first use, and use one connection at a time.

    Raises:
        InvalidEndpoint: the endpoint does not name a cluster and its region.
    """
    match = _ENDPOINT.fullmatch(cluster.endpoint)
    if not match:
        raise InvalidEndpoint(f"{cluster.endpoint!r} is not of the form <cluster>.dsql.<region>.on.aws.")
    region = match[1]
    client = aws.create_client("dsql", region_name=region)
    is_admin = cluster.role == _ADMIN
    create_token = client.generate_db_connect_admin_auth_token if is_admin else client.generate_db_connect_auth_token

    def connect_with_token(parameters: str) -> Connection:
        # A token expires after 15 minutes, so each connection gets a new one. AWS contract DSQL-1.
        try:
            token = create_token(Hostname=cluster.endpoint, Region=region)
        except BotoCoreError as error:
            raise psycopg.OperationalError(str(error)) from error
        return connect(make_conninfo(parameters, password=token))

    names = {"host": cluster.endpoint, "user": cluster.role, "dbname": cluster.database}
    # The wheel of psycopg has no root certificates, and finds those of the system only on some systems.
    # AWS contract DSQL-2.
    roots = os.environ.get("PGSSLROOTCERT") or get_cert_path(True)
    # There are as many processes as requests under way, so each of them has one connection.
    return Database(make_conninfo(**names, sslrootcert=roots), connect_with_token, dialect=DSQL, connections=1)
