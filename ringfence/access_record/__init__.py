"""Who looked at personal data, when, at which file, how, and whether it was allowed (RD 1720/2007
art. 103): read from the collector's archive of raw audit records."""

from ringfence.access_record.accesses import Access
from ringfence.access_record.answering import Answer
from ringfence.access_record.question import Question

__all__ = ["Access", "Answer", "Question"]
