"""To come."""


class TypeDescriptionService:
    def __init__(self, node):
        pass
