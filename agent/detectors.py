r"""Secrets that are known by their form. Data only: the policy names them, the runner applies them.

The expressions are RE2's, which takes time in proportion to the text whatever the text is. Arguments are separated by
NUL, a command line inside of one by blanks. A value is replaced, what names it stays.
"""

from __future__ import annotations

from dataclasses import dataclass

_NAME = (
    r"(?:password|passwd|passphrase|pass|pwd|secret|secret[-_]?key|token|api[-_]?key|access[-_]?key|private[-_]?token"
    r"|credentials?)"
)
_SEPARATED = r"(?:^|[\x00\s'\"/])"
_MYSQL = r"(?:mysql|mariadb)[a-z-]*[\x00\s](?:[^\x00\s]+[\x00\s]+)*?"


@dataclass(frozen=True, slots=True)
class Detector:
    """``hint`` matches, somewhere, whatever holds such a secret: most text is let through by that one look.

    Each of ``patterns`` keeps its first group, loses what follows, and keeps its second group if it has one.
    """

    name: str
    hint: str
    patterns: tuple[str, ...]


DETECTORS = (
    Detector(
        "private-key",
        r"-----BEGIN",
        # One that is cut off or goes on in another value has no end.
        (
            r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)(?s:.*?)"
            r"(-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
        ),
    ),
    Detector(
        "authorization",
        r"(?i:authorization)|curl|wget",
        (
            r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|digest|negotiate|ntlm|token|apikey)\s+)?)"
            r"[^\x00\r\n\"']+()",
            rf"({_SEPARATED}(?:curl|wget)[\x00\s](?:[^\x00\s]+[\x00\s]+)*?(?:-u|--user|--proxy-user)[=\x00\s]*[^\x00\s:]+:)"
            r"[^\x00\s]+()",
        ),
    ),
    Detector(
        "cookie",
        r"(?i:cookie)",
        (r"(?i)(cookie[\"']?\s*:\s*[\"']?)[^\x00\r\n\"']+()",),
    ),
    Detector(
        "password",
        rf"(?i:{_NAME})|://[^\x00\s]*@|mysql|mariadb|sshpass|redis-cli",
        (
            # An argument of its own may hold blanks.
            rf"(?i)((?:^|\x00)-{{0,2}}[a-z0-9_.-]*{_NAME}=)[^\x00\n&]+()",
            rf"(?i)((?:^|\x00)--?(?:[a-z0-9_.]+[-_.])*{_NAME}\x00)[^\x00-][^\x00]*()",
            rf"(?i)({_SEPARATED}--?(?:[a-z0-9_.]+[-_.])*{_NAME}\s+)[^\x00\s-][^\x00\s]*()",
            rf"(?i)({_NAME}[\"']?\s*[:=]\s*[\"'])[^\x00\r\n\"']+()",
            rf"(?i)((?:^|[^a-z]){_NAME}\s*[:=]\s*)[^\x00\s\"'&;,)}}\]]+()",
            rf"(?i)([a-z0-9][-_.]?{_NAME}=)[^\x00\s\"'&;,)}}\]]+()",
            r"(?i)([a-z][a-z0-9+.-]*://[^\x00\s/@:]*:)[^\x00\s/]+(@)",
            rf"({_SEPARATED}{_MYSQL}-p)[^\x00\s]+()",
            rf"({_SEPARATED}sshpass[\x00\s]+-p[\x00\s]*)[^\x00\s]+()",
            rf"({_SEPARATED}redis-cli[\x00\s](?:[^\x00\s]+[\x00\s]+)*?-a[\x00\s]+)[^\x00\s]+()",
        ),
    ),
    Detector(
        "token",
        r"gh[pousr]_|github_pat_|glpat-|xox[abprs]-|A[KS]IA|eyJ|sk_live_|AIza",
        (
            r"(\b)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}"
            r"|xox[abprs]-[A-Za-z0-9-]{10,}|A[KS]IA[A-Z0-9]{16}|sk_live_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35}"
            r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*)()",
        ),
    ),
    # Numbers of the big schemes, grouped or not; which of them pass Luhn's check is looked at one by one.
    Detector(
        "card",
        r"\d(?:[ -]?\d){12}",
        (r"(\b)(?:3[47]|4\d|5[1-5]|2[2-7]|6[045]|35|30|36|38)\d{2}(?:[ -]?\d){9,15}\b()",),
    ),
)
NAMES = tuple(detector.name for detector in DETECTORS)
CHECKED = "card"
