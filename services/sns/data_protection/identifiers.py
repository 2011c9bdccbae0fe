"""AWS's managed data identifiers by name, and which of them are looked for here.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-managed-data-identifiers.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from services.sns.data_protection import detectors

if TYPE_CHECKING:
    from services.sns.data_protection.detectors import Detector

_ARN = re.compile(
    r"arn:[a-z-]+:dataprotection:[a-z0-9-]*:[a-z0-9]*:data-identifier/([A-Za-z0-9]+(?:-[A-Z]{2})?)\Z"
).match

DETECTORS: Final[dict[str, Detector]] = {
    "AwsSecretKey": detectors.SECRET_KEY,
    "BankAccountNumber-DE": detectors.IBAN,
    "BankAccountNumber-ES": detectors.IBAN,
    "BankAccountNumber-FR": detectors.IBAN,
    "BankAccountNumber-GB": detectors.IBAN,
    "BankAccountNumber-IT": detectors.IBAN,
    "CreditCardExpiration": detectors.CARD_EXPIRATION,
    "CreditCardNumber": detectors.CARD,
    "CreditCardSecurityCode": detectors.CARD_CODE,
    "DateOfBirth": detectors.BIRTH_DATE,
    "EmailAddress": detectors.EMAIL,
    "IpAddress": detectors.IP_ADDRESS,
    "OpenSshPrivateKey": detectors.OPENSSH_KEY,
    "PgpPrivateKey": detectors.PGP_KEY,
    "PhoneNumber-BR": detectors.phone("55"),
    "PhoneNumber-DE": detectors.phone("49"),
    "PhoneNumber-ES": detectors.phone("34"),
    "PhoneNumber-FR": detectors.phone("33"),
    "PhoneNumber-GB": detectors.phone("44"),
    "PhoneNumber-IT": detectors.phone("39"),
    "PhoneNumber-US": detectors.phone("1"),
    "PkcsPrivateKey": detectors.PKCS_KEY,
    "PuttyPrivateKey": detectors.PUTTY_KEY,
    "Ssn-US": detectors.SSN,
}

_UNDETECTED: Final = frozenset({
    "Address", "BankAccountNumber", "CepCode", "Cnpj", "CpfCode", "CreditCardMagneticStripe",
    "DrugEnforcementAgencyNumber", "DriversLicense", "ElectoralRollNumber", "HealthInsuranceCardNumber",
    "HealthInsuranceClaimNumber", "HealthInsuranceNumber", "HealthcareProcedureCode",
    "IndividualTaxIdentificationNumber", "InseeCode", "LatLong", "MedicareBeneficiaryNumber", "Name",
    "NationalDrugCode", "NationalIdentificationNumber", "NationalInsuranceNumber", "NationalProviderId", "NhsNumber",
    "NieNumber", "NifNumber", "PassportNumber", "PermanentResidenceNumber", "PersonalHealthNumber", "PhoneNumber",
    "PostalCode", "RgNumber", "SocialInsuranceNumber", "Ssn", "TaxId", "VehicleIdentificationNumber", "ZipCode",
})  # fmt: skip
"""Kinds of data that AWS finds and we do not. Most come with a country (`-US`)."""


def name_of(arn: str) -> str | None:
    """The name in an identifier's ARN, None when AWS has no such identifier."""
    found = _ARN(arn)
    if found is None:
        return None
    name = found.group(1)
    known = name in DETECTORS or name in _UNDETECTED or name.partition("-")[0] in _UNDETECTED
    return name if known else None
