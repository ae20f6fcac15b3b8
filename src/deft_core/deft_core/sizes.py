"""Numbers in settings, bounded by their size: one in millimetres, degrees or milliamperes is seen by it."""

from typing import Annotated

import numpy as np
from pydantic import Field

Positive = Annotated[float, Field(gt=0)]
# A workcell is a table and what stands around it.
Metres = Annotated[float, Field(ge=-3.0, le=3.0)]
# A hand, or something that it can hold.
HandMetres = Annotated[float, Field(ge=-0.5, le=0.5)]
HandLength = Annotated[float, Field(gt=0, le=0.5)]
Radians = Annotated[float, Field(ge=-2 * np.pi, le=2 * np.pi)]
# A finger's joint turns half around at most.
JointRadians = Annotated[float, Field(ge=-np.pi, le=np.pi)]
# A servo of a hand: 20 mA move none, and none takes 10 A.
Amperes = Annotated[float, Field(ge=0.02, le=10.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
