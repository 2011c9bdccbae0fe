"""Finds sensitive data in text.

AWS uses machine learning besides; these are its documented patterns and keywords.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-managed-data-identifiers.html and the pages of
each kind of data below it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PROXIMITY: Final = 30
"""Characters that may be between a keyword and what it tells of."""


class Span(NamedTuple):
    """Where something was found: from `start` up to, but not with, `end`."""

    start: int
    end: int


class Detector(NamedTuple):
    """One kind of sensitive data."""

    pattern: re.Pattern[str]
    valid: Callable[[str], bool] | None = None
    """Of what the pattern found."""
    keywords: re.Pattern[str] | None = None
    """One of these has to stand near."""
    without_keyword: Callable[[str], bool] | None = None
    """Of what is clear enough without one."""

    def find(self, text: str) -> Iterator[Span]:
        """Where this kind of data is, in order and without overlaps."""
        near: _Near | None = None
        for found in self.pattern.finditer(text):
            what = found.group()
            if self.valid is not None and not self.valid(what):
                continue
            if self.keywords is not None and not (self.without_keyword is not None and self.without_keyword(what)):
                if near is None:
                    near = _Near(self.keywords, text)
                if not near.has(*found.span()):
                    continue
            yield Span(*found.span())


class _Near:
    """Where a text has keywords."""

    def __init__(self, keywords: re.Pattern[str], text: str) -> None:
        self._spans = [found.span() for found in keywords.finditer(text)]
        self._next = 0

    def has(self, start: int, end: int) -> bool:
        """Whether a keyword stands near. Asked in the order of the text."""
        while self._next < len(self._spans) and self._spans[self._next][1] < start - PROXIMITY:
            self._next += 1
        return self._next < len(self._spans) and self._spans[self._next][0] <= end + PROXIMITY


def words(keywords: Iterable[str]) -> re.Pattern[str]:
    """Keywords in any case; a space may also be missing, an underscore or a hyphen."""
    parts = sorted((re.escape(word).replace(r"\ ", "[ _-]?") for word in keywords), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(parts)})(?![^\W_])", re.IGNORECASE)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


# Financial.

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-sensitive-data-types-financial.html
_CARD_KEYWORDS = words([
    "account number", "american express", "amex", "bank card", "card", "card num", "card number", "cc #", "ccn",
    "check card", "credit", "credit card", "credit card#", "dankort", "debit", "debit card", "diners club", "discover",
    "electron", "elo verification code", "japanese card bureau", "jcb", "mastercard", "mc", "pan",
    "payment account number", "payment card number", "pcn", "union pay", "visa",
])  # fmt: skip
_CARD_PREFIX = re.compile(
    r"3[47]|5019|3(?:0[0-5]|095|[689])|6(?:011|4[4-9]|5|22)|4|35(?:2[89]|[3-8])|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|62"
).match
_FOR_TESTS: Final = frozenset({
    "122000000000003", "2222405343248877", "2222990905257051", "2223007648726984", "2223577120017656",
    "30569309025904", "34343434343434", "3528000700000000", "3530111333300000", "3566002020360505", "36148900647913",
    "36700102000000", "371449635398431", "378282246310005", "378734493671000", "38520000023237", "4012888888881881",
    "4111111111111111", "4222222222222", "4444333322221111", "4462030000000000", "4484070000000000", "4911830000000",
    "4917300800000000", "4917610000000000", "4917610000000000003", "5019717010103742", "5105105105105100",
    "5111010030175156", "5185540810000019", "5200828282828210", "5204230080000017", "5204740009900014",
    "5420923878724339", "5454545454545454", "5455330760000018", "5506900490000436", "5506900490000444",
    "5506900510000234", "5506920809243667", "5506922400634930", "5506927427317625", "5553042241984105",
    "5555553753048194", "5555555555554444", "5610591081018250", "6011000400000000", "6011000990139424",
    "6011111111111117", "630490017740292441", "630495060000000000", "6331101999990016", "6759649826438453",
    "6799990100000000019", "76009244561",
})  # fmt: skip
"""Numbers that issuers have reserved for tests: AWS does not report them."""


def _is_card(text: str) -> bool:
    digits = _digits(text)
    return digits not in _FOR_TESTS and bool(_CARD_PREFIX(digits)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, character in enumerate(reversed(digits)):
        number = int(character) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _is_iban(text: str) -> bool:
    compact = text.replace(" ", "")
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


CARD = Detector(re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?!\d)", re.ASCII), _is_card, _CARD_KEYWORDS)
CARD_CODE = Detector(
    re.compile(r"(?<![\d.])\d{3,4}(?![\d.])", re.ASCII),
    keywords=words([
        "card id", "card identification code", "card identification number", "card security code",
        "card validation code", "card validation number", "card verification data", "card verification value", "cvc",
        "cvc2", "cvv", "cvv2", "elo verification code",
    ]),
)  # fmt: skip
CARD_EXPIRATION = Detector(
    re.compile(r"(?<!\d)(?:0?[1-9]|1[0-2]) ?[/-] ?(?:20)?\d{2}(?!\d)", re.ASCII),
    keywords=words(["exp", "exp d", "exp m", "exp y", "exp date", "expiration", "expiry"]),
)
IBAN = Detector(re.compile(r"\b(?:DE|ES|FR|GB|IT)\d{2}(?: ?[A-Z0-9]){11,30}\b", re.ASCII), _is_iban)

# Devices and people.


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


EMAIL = Detector(
    re.compile(
        r"(?<![\w.%+-])[A-Za-z0-9_%+-](?:[\w.%+-]{0,62}[\w%+-])?@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@-])"
    )
)
IP_ADDRESS = Detector(
    re.compile(
        r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)|(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{2,39}"
        r"(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?)(?![\w:])",
        re.ASCII,
    ),
    _is_address,
)

_PHONE_KEYWORDS = words([
    "cell", "contact", "fax", "fax number", "mobile", "phone", "phone number", "tel", "telephone", "telephone number",
    "cel", "celular", "fone", "móvel", "número residencial", "numero residencial", "telefone",
])  # fmt: skip


def phone(country_code: str) -> Detector:
    """Phone numbers of a country. With the country's code in front they need no keyword."""
    code = rf"(?:\+|00) ?{country_code}[ .-]?"

    def valid(text: str) -> bool:
        has_code = re.match(code, text)
        if text.startswith("+") and not has_code:
            return False
        return 8 <= len(_digits(text[has_code.end() :] if has_code else text)) <= 12

    # Possessive: there is one way to read a row of digits, or hostile text would take its time.
    group = r"(?:\(\d{1,5}\)|\d{1,5}+)"
    return Detector(
        re.compile(
            rf"(?<![\w.+])(?:{code}|{country_code}[ .-])?{group}(?:[ ./-]?{group}){{1,5}}+(?![\w.-]?\d)", re.ASCII
        ),
        valid if country_code != "1" else _is_american_phone,
        _PHONE_KEYWORDS,
        lambda text: text.startswith(("+", "00")),
    )


def _is_american_phone(text: str) -> bool:
    digits = _digits(text)
    if len(digits) == 13 and digits.startswith("001"):
        digits = digits[2:]
    if text.startswith("+") and not digits.startswith("1"):
        return False
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return len(digits) == 10 and digits[0] not in "01" and digits[3] not in "01"


def _is_ssn(text: str) -> bool:
    digits = _digits(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


SSN = Detector(
    re.compile(r"(?<![\w-])\d{3}([- ]?)\d{2}\1\d{4}(?![\w-])", re.ASCII),
    _is_ssn,
    words(["social security", "social security number", "ss#", "ssn"]),
)
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
BIRTH_DATE = Detector(
    re.compile(
        rf"(?<!\w)(?:\d{{1,4}}([-/ ])\d{{1,2}}\1\d{{1,4}}|\d{{1,2}}[-/ ](?:{_MONTH})[a-z]{{0,6}}[-/ ]\d{{2,4}}"
        rf"|(?:{_MONTH})[a-z]{{0,6}} \d{{1,2}},? \d{{2,4}})(?!\w)",
        re.IGNORECASE | re.ASCII,
    ),
    keywords=words(["dob", "date of birth", "birthdate", "birth date", "birthday", "b-day", "bday"]),
)

# Credentials.

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-sensitive-data-types-credentials.html
SECRET_KEY = Detector(
    re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"),
    keywords=words([
        "aws_secret_access_key", "awssecretaccesskey", "credentials", "secret access key", "secret key",
        "set-awscredential",
    ]),
)  # fmt: skip


def private_key(kind: str) -> Detector:
    """A private key in its armour."""
    return Detector(re.compile(rf"-----BEGIN {kind}-----[\s\S]{{1,16384}}?-----END {kind}-----"))


OPENSSH_KEY = private_key("OPENSSH PRIVATE KEY")
PGP_KEY = private_key("PGP PRIVATE KEY BLOCK")
PKCS_KEY = private_key("(?:RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY")
PUTTY_KEY = Detector(re.compile(r"PuTTY-User-Key-File-\d: [\s\S]{1,16384}?Private-MAC: [0-9a-f]+"))
