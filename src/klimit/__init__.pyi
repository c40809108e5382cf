from .core.errors import InputError as InputError
from .core.errors import InsufficientDataError as InsufficientDataError
from .core.errors import KlimitError as KlimitError
from .core.errors import KlimitWarning as KlimitWarning
from .core.results import Estimate as Estimate
from .data.read import read_draws as read_draws
from .estimate.best_of import BestOfEstimate as BestOfEstimate
from .estimate.best_of import BestOfPoint as BestOfPoint
from .estimate.best_of import best_of_n_within as best_of_n_within
from .estimate.best_of import estimate_best_of_n as estimate_best_of_n
from .estimate.draws import Draws as Draws
from .estimate.frontier import FrontierEstimate as FrontierEstimate
from .estimate.frontier import FrontierPoint as FrontierPoint
from .estimate.frontier import estimate_frontier as estimate_frontier
from .estimate.order_statistics import unbiased_best_of_n as unbiased_best_of_n
from .estimate.tilt import TiltEstimate as TiltEstimate
from .estimate.tilt import estimate_tilt as estimate_tilt
from .estimate.weights import effective_draws as effective_draws
from .estimate.weights import tilt_weights as tilt_weights

__version__: str
