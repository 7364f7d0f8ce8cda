"""Many cases: from inputs to an output tree that the same command completes, whatever happened before.

``run_batch`` is the whole of it. The other modules, from the outside in: ``order`` (what is wanted),
``place`` (where: a folder, or with ``shard`` one part of it), ``inputs`` and ``census`` (what there is to
read), ``run`` (the stream), ``decide`` (what must be done), ``words`` and ``engine_thread`` (prompts to
the engine, beside the rest), ``make`` (a case's folder, perhaps in another process), ``book`` (what became of
it), ``summary`` and ``index`` (the run at a glance). ``merge_parts`` puts the parts of a folder together.
"""

from reportgen.batch.merge import merge as merge_parts
from reportgen.batch.order import Order
from reportgen.batch.shard import Shard
from reportgen.batch.start import run_batch
from reportgen.batch.summary import Summary, counted
from reportgen.batch.voice import Voice, voice

__all__ = ["Order", "Shard", "Summary", "Voice", "counted", "merge_parts", "run_batch", "voice"]
