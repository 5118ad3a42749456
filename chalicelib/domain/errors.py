"""Every error that a client can see, with its status and its JSON body."""

from typing import Any


class PhotoshareError(Exception):
    """The base of all errors. A subclass's name is its code, and its docstring's first line is its default message."""

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

    def document(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body of the error."""
        body: dict[str, Any] = {"error": self.code, "message": self.message}
        if self.details:
            body["details"] = self.details
        return body | {"requestId": request_id}


class InvalidRequest(PhotoshareError):
    """The request is not what the contract asks for."""

    status = 400


class MalformedBody(InvalidRequest):
    """The body is not strict JSON in UTF-8."""


class UnknownField(InvalidRequest):
    """The body has a field that this route does not take."""


class UnknownParameter(InvalidRequest):
    """The query has a parameter that this route does not take."""


class InvalidCursor(InvalidRequest):
    """This lastKey was not made for this list, caller and filters, or is too old: start again without it."""


class InvalidState(InvalidRequest):
    """This sign-in was not begun in this browser, or too long ago: start again at /login."""


class LoginFailed(InvalidRequest):
    """The identity provider did not accept the sign-in: start again at /login."""


class InvalidCode(InvalidRequest):
    """The confirmation code is wrong or has expired: ask for another at /signup/resend."""


class InvalidPassword(InvalidRequest):
    """The password is too weak: at least 12 characters, with a capital, a small letter and a digit."""


class InvalidToken(PhotoshareError):
    """A valid access token is needed: sign in, and send it as Authorization: Bearer <token>."""

    status = 401


class InvalidCredentials(PhotoshareError):
    """The e-mail address or the password is wrong, or the address was never confirmed."""

    status = 401


class LinkPasswordRequired(PhotoshareError):
    """This share link has a password: send it as X-Link-Password."""

    status = 401


class InvalidLinkPassword(PhotoshareError):
    """The password of this share link is another one."""

    status = 401


class Forbidden(PhotoshareError):
    """You may see this, but only its owner may change it."""

    status = 403


class NotFound(PhotoshareError):
    """There is no such thing, or it is not yours to see."""

    status = 404


class MethodNotAllowed(PhotoshareError):
    """This path does not know this method; the header Allow lists those that it knows."""

    status = 405


class Conflict(PhotoshareError):
    """The state has changed meanwhile: read it again, then repeat the request."""

    status = 409


class NotUploaded(Conflict):
    """Nothing has been uploaded under this grant yet: upload the file, then repeat the request."""


class NotReady(Conflict):
    """The photo is not ready, so this cannot be done with it."""


class NotTrashed(Conflict):
    """The photo is not in the trash."""


class NotInAlbum(Conflict):
    """The photo is not in this album."""


class TooManyAlbums(Conflict):
    """The photo is in as many albums as it can be; `details` has the limit."""


class AlreadyRegistered(Conflict):
    """There is an account of this e-mail address already: sign in instead."""


class IdempotencyConflict(Conflict):
    """This Idempotency-Key was used before with another body."""


class TooLarge(PhotoshareError):
    """The request is larger than the limit in `details`."""

    status = 413


class UnsupportedMediaType(PhotoshareError):
    """The body must be application/json."""

    status = 415


class UnsupportedType(UnsupportedMediaType):
    """Photos of this content type are not taken; `details` lists those that are."""


class ImageRejected(PhotoshareError):
    """The bytes are not an acceptable image. The code is the photo's `rejection`."""

    status = 422

    def __init__(self, rejection: str) -> None:
        super().__init__(f"The uploaded bytes were rejected as {rejection}; upload the photo again under a new grant.")
        self.rejection = rejection

    @property
    def code(self) -> str:
        """Return the name of a refusal in `renditions`."""
        return self.rejection


class QuotaExceeded(PhotoshareError):
    """The account already holds as much as it may; `details` names the limit."""

    status = 429


class TooManyRequests(PhotoshareError):
    """Too many requests of this kind: wait as long as Retry-After says."""

    status = 429


class LoginUnavailable(PhotoshareError):
    """The identity provider does not answer: try to sign in again shortly."""

    status = 503


class AuthUnavailable(PhotoshareError):
    """Tokens cannot be verified at the moment: repeat the request as Retry-After says."""

    status = 503


class Busy(PhotoshareError):
    """A service that this one rests on does not answer: repeat the request as Retry-After says."""

    status = 503


class InternalError(PhotoshareError):
    """Something went wrong here, and was logged under this requestId."""
