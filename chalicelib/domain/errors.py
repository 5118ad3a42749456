"""All errors that a client can receive, each with its status and its JSON body."""

from typing import Any


class PhotoshareError(Exception):
    """The base of all errors.

    The name of a subclass is its error code. The first line of its docstring is its default message.
    """

    status = 500

    def __init__(
        self, message: str | None = None, *, details: dict[str, Any] | None = None, retry_after: int | None = None
    ) -> None:
        self.message = message or (type(self).__doc__ or "").partition("\n")[0]
        self.details = details
        self.retry_after = retry_after or (5 if self.status in (429, 503) else None)
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """Return the `error` field of the body."""
        return type(self).__name__

    def to_body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body of the error."""
        body: dict[str, Any] = {"error": self.code, "message": self.message}
        if self.details:
            body["details"] = self.details
        return body | {"requestId": request_id}


class InvalidRequest(PhotoshareError):
    """The request is invalid."""

    status = 400


class MalformedBody(InvalidRequest):
    """The body is not valid JSON in UTF-8, or it contains a duplicate key, NaN, Infinity or a lone surrogate."""


class UnknownField(InvalidRequest):
    """The body contains an unknown field. `details` names the field."""


class UnknownParameter(InvalidRequest):
    """The query contains an unknown parameter. `details` names the parameter."""


class InvalidCursor(InvalidRequest):
    """`lastKey` is invalid, expired, or from another list, caller or filter. Restart the list without `lastKey`."""


class InvalidState(InvalidRequest):
    """This browser did not start this sign-in, or the sign-in has expired. Start again at `/login`."""


class LoginFailed(InvalidRequest):
    """The identity provider rejected the sign-in. Start again at `/login`."""


class InvalidCode(InvalidRequest):
    """The confirmation code is wrong or has expired. Request a new code at `/signup/resend` or `/password/forgot`."""


class InvalidPassword(InvalidRequest):
    """The password needs at least 12 characters, with an uppercase letter, a lowercase letter and a digit."""


class InvalidToken(PhotoshareError):
    """The token is missing, invalid or expired. Sign in, then send `Authorization: Bearer <access token>`."""

    status = 401


class InvalidCredentials(PhotoshareError):
    """The e-mail address or the password is incorrect, or the address is not confirmed."""

    status = 401


class LinkPasswordRequired(PhotoshareError):
    """This share link requires a password. Send it in the X-Link-Password header."""

    status = 401


class InvalidLinkPassword(PhotoshareError):
    """Incorrect share-link password."""

    status = 401


class Forbidden(PhotoshareError):
    """You do not have permission to perform this action."""

    status = 403


class NotFound(PhotoshareError):
    """The resource does not exist, or you do not have access to it."""

    status = 404


class MethodNotAllowed(PhotoshareError):
    """This path does not support this method. The Allow header lists the supported methods."""

    status = 405


class Conflict(PhotoshareError):
    """Another request changed the resource at the same time. Read the resource again, then retry."""

    status = 409


class NotUploaded(Conflict):
    """No file has been uploaded with this grant yet. Upload the file, then retry."""


class NotReady(Conflict):
    """The photo is still being processed, was rejected, or is in the trash."""


class NotTrashed(Conflict):
    """The photo is not in the trash."""


class NotInAlbum(Conflict):
    """The photo is not in this album."""


class TooManyAlbums(Conflict):
    """The photo is in the maximum number of albums. `details` contains the limit."""


class AlreadyRegistered(Conflict):
    """An account with this e-mail address already exists. Sign in instead."""


class IdempotencyConflict(Conflict):
    """This Idempotency-Key was already used with a different request body."""


class TooLarge(PhotoshareError):
    """The request or the declared file size exceeds the limit in `details`."""

    status = 413


class UnsupportedMediaType(PhotoshareError):
    """This route does not accept this Content-Type. Routes with a JSON body require application/json in UTF-8."""

    status = 415


class UnsupportedType(UnsupportedMediaType):
    """This content type is not supported for photos. `details` lists the supported types."""


class ImageRejected(PhotoshareError):
    """The uploaded file was rejected. `error` contains the same code as the photo's `rejection`."""

    status = 422

    def __init__(self, rejection: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(
            f"The uploaded file was rejected ({rejection}). Request a new grant and upload the photo again.",
            details=details,
        )
        self.rejection = rejection

    @property
    def code(self) -> str:
        """Return the rejection code: the name of a subclass of `renditions.Rejection`."""
        return self.rejection


class QuotaExceeded(PhotoshareError):
    """Quota exceeded for this account or album. `details` contains the limit."""

    status = 429


class TooManyRequests(PhotoshareError):
    """Too many requests. Retry after the time in the Retry-After header."""

    status = 429


class LoginUnavailable(PhotoshareError):
    """The identity provider is unavailable. Try to sign in again shortly."""

    status = 503


class AuthUnavailable(PhotoshareError):
    """Tokens cannot be verified at the moment. Retry after the time in the Retry-After header."""

    status = 503


class Busy(PhotoshareError):
    """The service is busy or temporarily unavailable. Retry after the time in the Retry-After header."""

    status = 503


class InternalError(PhotoshareError):
    """An internal error occurred and was logged with this `requestId`."""
