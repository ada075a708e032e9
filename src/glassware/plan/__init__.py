"""How a site runs, decided from what was described."""

from .make import make_plan as make_plan
from .plan import DatabasePlan as DatabasePlan
from .plan import GatewayPlan as GatewayPlan
from .plan import Launch as Launch
from .plan import Plan as Plan
from .plan import PublicRoute as PublicRoute
from .plan import ServerPlan as ServerPlan
from .plan import ServicePlan as ServicePlan
from .plan import Unit as Unit
from .plan import mount_of as mount_of
