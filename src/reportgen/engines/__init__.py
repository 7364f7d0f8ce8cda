"""Engines: who writes the words. Importing this loads no model library.

``load_engine`` gives one; every engine has ``info``, ``generate``, ``fingerprint`` and ``close``.
``setup_model`` fetches a model (the only thing here that downloads), ``model_status`` lists them.
"""

from reportgen.engines.base import Engine, EngineInfo, Parameters
from reportgen.engines.choose import load_engine
from reportgen.engines.presets import Precision, Preset, presets
from reportgen.engines.setup import setup_model
from reportgen.engines.status import ModelStatus, model_status, status_lines
from reportgen.engines.template import TemplateEngine

__all__ = [
    "Engine",
    "EngineInfo",
    "ModelStatus",
    "Parameters",
    "Precision",
    "Preset",
    "TemplateEngine",
    "load_engine",
    "model_status",
    "presets",
    "setup_model",
    "status_lines",
]
