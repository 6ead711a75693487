"""The head that answers had of late: an answer that begins with it again need not be parsed.

Heads of a server differ from one second to the next, by their date, and from one answer to the next
where they carry an id. Where they don't, to compare them is a tenth of the price of parsing.
"""

from __future__ import annotations

from bench.endpoints.base import headers_of

LOOK_EVERY = 32
"""Uses of a connection between two at which an answer that had to be parsed is looked at."""
REST = 16
"""Looks that are left out once a head was learnt in vain: where no head comes twice, neither to
compare nor to learn costs a hundredth of the price of parsing."""
_LONGEST_BYTES = 8192
_NONE = -1
"""No answer has so few bytes."""
_END = b"\r\n\r\n"
_FRAMING = (b"content-length", b"transfer-encoding")


class KnownHead:
    """A head, learnt from one of the connections to an origin, of use to all.

    An answer of answer_bytes that begins with this head has this status, and a body of all that
    follows; it ends there by its Content-Length, and its connection persists. Not so the answer to
    a HEAD, which has no body.
    """

    __slots__ = ("_rest", "answer_bytes", "has_come_again", "head", "head_bytes", "status")

    def __init__(self) -> None:
        self._rest = 0
        self.head, self.head_bytes, self.status = b"", 0, 0
        self.answer_bytes = _NONE
        self.has_come_again = False

    def look_at(self, answer: bytes, status: int, body_bytes: int) -> None:
        """Learn the head of an answer that had to be parsed, if it is a plain one.

        answer: all the bytes from which the parser, which stood at a beginning, has made one answer
        with a body of body_bytes, not to a HEAD, after which the connection persists. Plain ones
        have one head, and by it one Content-Length and no Transfer-Encoding (RFC 9112, 6.3).
        """
        if self._rest:
            self._rest -= 1
            return
        if self.answer_bytes >= 0 and not self.has_come_again:
            self._rest, self.answer_bytes = REST, _NONE
            return
        head_bytes = answer.find(_END) + len(_END)
        head = answer[:head_bytes]
        if head_bytes + body_bytes == len(answer) and _is_plain(head, body_bytes):
            self.head, self.head_bytes = head, head_bytes
            self.answer_bytes, self.status = len(answer), status
            self.has_come_again = False


def _is_plain(head: bytes, body_bytes: int) -> bool:
    fields = [(name.lower(), value) for name, value in headers_of(head)]
    framing = [field for field in fields if field[0] in _FRAMING]
    return framing == [(b"content-length", b"%d" % body_bytes)] and len(head) <= _LONGEST_BYTES
