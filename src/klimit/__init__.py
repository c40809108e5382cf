"""klimit: the KL-reward trade-off of aligned language models.

Names load on first use, so that ``import klimit`` and ``klimit --help`` stay light; the stub
``__init__.pyi`` is the one list of them.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
