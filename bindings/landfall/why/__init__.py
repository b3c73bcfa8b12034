"""Why an RPO was missed and a migration was slow: causes in words, with times and shares.

The evidence is what a run leaves behind: which links an upload crosses and how full they were, what
waited where, what happened to machines, servers and links. Each slice of the time in which an RPO
built up, or a migration lasted, is put down to the one cause that explains it best: what stood
still before what was full, what was full before what merely waited. Time that no evidence explains
is said to be unexplained.
"""

from .findings import Cause, Finding, Why
from .reasons import explain

__all__ = ["Cause", "Finding", "Why", "explain"]
