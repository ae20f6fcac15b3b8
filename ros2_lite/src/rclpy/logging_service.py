"""To come."""


class LoggingService:
    def __init__(self, node):
        pass
