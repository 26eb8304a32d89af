"""Text as people type it, read and brought to one form. Nothing here raises, and a standard value stays as it is.

Addresses, which need the table of postcodes, are in customerbase.text.addresses.
"""

from customerbase.text.amounts import parse_amount
from customerbase.text.companies import standard_company
from customerbase.text.dates import parse_timestamp
from customerbase.text.emails import standard_email
from customerbase.text.kana import SOUND_FROM, SOUND_TO, fold_kana, from_romaji, sound, standard_kana, to_romaji
from customerbase.text.names import fold_name, fold_variants, split_name, standard_name
from customerbase.text.phones import Phone, standard_phone
from customerbase.text.plain import Standard, nfkc
from customerbase.text.postcodes import standard_postcode

__all__ = [
    "SOUND_FROM",
    "SOUND_TO",
    "Phone",
    "Standard",
    "fold_kana",
    "fold_name",
    "fold_variants",
    "from_romaji",
    "nfkc",
    "parse_amount",
    "parse_timestamp",
    "sound",
    "split_name",
    "standard_company",
    "standard_email",
    "standard_kana",
    "standard_name",
    "standard_phone",
    "standard_postcode",
    "to_romaji",
]
