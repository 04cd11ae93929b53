r"""Secrets that are known by their form. Data only: the policy names them, the runner applies them.

The expressions are RE2's, which takes time in proportion to the text whatever the text is. Arguments are separated by
NUL, a command line inside of one by blanks. A value is replaced, what names it stays.
"""

from __future__ import annotations

from dataclasses import dataclass

_NAME = (
    r"(?:password|passwd|passphrase|pass|pwd|secret|secret[-_]?key|token|api[-_]?key|access[-_]?key|private[-_]?token"
    r"|credentials?|(?:account|shared[-_]?access)[-_]?key|secret[-_]key[-_]base)"
)
_CAMEL = r"(?:Password|Passwd|Passphrase|Secret|Token|ApiKey|AccessKey|SecretKey)"
_SEPARATED = r"(?:^|[\x00\s'\"/])"
_WORDS = r"[\x00\s](?:[^\x00\s]+[\x00\s]+)*?"  # of the same command
_MYSQL = rf"(?:mysql|mariadb)[a-z-]*{_WORDS}"
_LOGIN = rf"(?:(?:docker|podman|buildah|skopeo|helm){_WORDS}login|mongo[a-z]*){_WORDS}"


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
            rf"({_SEPARATED}(?:curl|wget){_WORDS}(?:-u|--user|--proxy-user)[=\x00\s]*[^\x00\s:]+:)"
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
        rf"(?i:{_NAME}|identified\s|[?&]sig=|signature=|auth[ \r]|[0-9.] login )"
        r"|://[^\x00\s]*@|mysql|mariadb|sshpass|redis-cli|mongo|docker|podman|buildah|skopeo|helm|ldap|smb|rpcclient",
        (
            # An argument of its own may hold blanks.
            rf"(?i)((?:^|\x00)-{{0,2}}[a-z0-9_.-]*{_NAME}=)[^\x00\n&]+()",
            rf"(?i)((?:^|\x00)--?(?:[a-z0-9_.]+[-_.])*{_NAME}\x00)[^\x00-][^\x00]*()",
            rf"(?i)({_SEPARATED}--?(?:[a-z0-9_.]+[-_.])*{_NAME}\s+)[^\x00\s-][^\x00\s]*()",
            rf"({_SEPARATED}--?[a-z][a-zA-Z0-9_.-]*{_CAMEL}[\x00\s]+)[^\x00\s-][^\x00\s]*()",
            rf"(?i)({_NAME}[\"']?\s*[:=]\s*\")(?:[^\x00\r\n\"\\]|\\[^\x00\r\n])+()",
            rf"(?i)({_NAME}[\"']?\s*[:=]\s*')(?:[^\x00\r\n'\\]|\\[^\x00\r\n])+()",
            # JSON inside of JSON, or inside of a shell's quotes.
            rf"(?i)({_NAME}\\+[\"']\s*:\s*\\+[\"'])[^\x00\r\n\"'\\]+()",
            rf"(?i)((?:^|[^a-z]){_NAME}\s*[:=]\s*)[^\x00\s\"'&;,)}}\]]+()",
            rf"(?i)([a-z0-9][-_.]?{_NAME}=)[^\x00\s\"'&;,)}}\]]+()",
            r"(?i)([a-z][a-z0-9+.-]*://[^\x00\s/@:]*:)[^\x00\s/]+(@)",
            r"(?i)(https?://)[a-z0-9_-]{32,}(@)",
            r"(?i)([?&](?:sig|signature|x-amz-signature|x-goog-signature)=)[^\x00\s\"'&#]+()",
            r"(?i)(identified\s+(?:with\s+\S+\s+)?by\s+(?:password\s+)?')(?:[^'\x00]|'')+()",
            r"(?i)(password\s+(?:for\s+\S+\s*)?(?:=\s*|to\s+)?')(?:[^'\x00]|'')+()",
            r"(?i)(login\s+\S+\s+password\s+)[^\x00\s]+()",  # .netrc
            # What FTP, POP3, SMTP, IMAP and Redis write at once.
            r"(?i)(^pass )[^\x00\s]+(\r?\n)",
            r"(?i)(^auth (?:[^\x00\s]+ )?)[^\x00\s]+(\r?\n)",
            r"(?i)(^[a-z]{0,8}[0-9.]{1,12} login (?:\"[^\"\r\n]*\"|[^\s\"]+) )[^\x00\r\n]+(\r?\n)",
            r"(?i)(\*2\r\n\$4\r\nauth\r\n\$\d+\r\n)[^\r\n]+()",
            r"(?i)(\*3\r\n\$4\r\nauth\r\n\$\d+\r\n[^\r\n]*\r\n\$\d+\r\n)[^\r\n]+()",
            rf"({_SEPARATED}{_MYSQL}-p)[^\x00\s]+()",
            rf"({_SEPARATED}sshpass[\x00\s]+-p[\x00\s]*)[^\x00\s]+()",
            rf"({_SEPARATED}redis-cli{_WORDS}-a[\x00\s]+)[^\x00\s]+()",
            rf"({_SEPARATED}{_LOGIN}-p[\x00\s]+)[^\x00\s]+()",
            rf"({_SEPARATED}ldap[a-z]+{_WORDS}-w[\x00\s]*)[^\x00\s]+()",
            rf"({_SEPARATED}(?:smb[a-z]+|rpcclient){_WORDS}(?:-U|--user)[=\x00\s]*[^\x00\s%]+%)[^\x00\s]+()",
        ),
    ),
    Detector(
        "token",
        r"gh[pousr]_|github_pat_|glpat-|xox[abprs]-|A[KS]IA|eyJ|[rs]k_(?:live|test)_|AIza|ya29\.|npm_|pypi-|sk-|hf_|SG\."
        r"|hv[sbr]\.|do[opr]_v1_|AGE-SECRET-KEY-|hooks\.slack\.com/",
        (
            r"(\b)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}"
            r"|xox[abprs]-[A-Za-z0-9-]{10,}|A[KS]IA[A-Z0-9]{16}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35}"
            r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*)()",
            r"(\b)(?:ya29\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|hf_[A-Za-z0-9]{30,}"
            r"|sk-(?:proj|svcacct|ant|or)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{40,}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"
            r"|hv[sbr]\.[A-Za-z0-9_-]{24,}|do[opr]_v1_[0-9a-f]{64}|AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58})()",
            r"(hooks\.slack\.com/[a-z]+/)[A-Za-z0-9/_-]+()",
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
