"""Names as people have them, in scripts that Noto Sans lacks, and text that mixes directions."""

__all__ = ["FOREIGN", "NAMES"]

#: In scripts whose fonts are shipped.
NAMES = {
    "arabic": "محمد علي",
    "hebrew": "יעל כהן",
    "devanagari": "आशा देवी",
    "greek": "Ελένη",
    "cyrillic": "Юлия",
    "mixed": "Anna (آنا) 0123",
    "digits": "בית 12 (חדש) 25/11",
    "vowels": "مُحَمَّد",
    "joiner": "می‌خواهم",
    "lam-alef": "الآلام لا تزول",
}
#: In scripts whose fonts a site declares, where there are any.
FOREIGN = {"chinese": "王小明", "japanese": "山田花子", "korean": "김영희"}
