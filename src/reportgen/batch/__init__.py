"""Many cases: from inputs to an output tree that the same command completes, whatever happened before.

``run_batch`` is the whole of it. The other modules, from the outside in: ``order`` (what is wanted), ``run``
(the stream), ``decide`` (what must be done), ``words`` (prompts to the engine), ``make`` (a case's folder,
perhaps in another process), ``book`` (what became of it), ``summary`` and ``index`` (the run at a glance).
"""

from reportgen.batch.order import Order
from reportgen.batch.start import run_batch
from reportgen.batch.summary import Summary
from reportgen.batch.voice import Voice, voice

__all__ = ["Order", "Summary", "Voice", "run_batch", "voice"]
