"""To come."""


class ParameterService:
    def __init__(self, node):
        pass
