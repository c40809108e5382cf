from .core.errors import InputError as InputError
from .core.errors import InsufficientDataError as InsufficientDataError
from .core.errors import KlimitError as KlimitError
from .core.errors import KlimitWarning as KlimitWarning
from .core.results import Estimate as Estimate
from .estimate.draws import Draws as Draws

__version__: str
