"""Lifecycle nodes: configured, activated, deactivated and cleaned up on request."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle.managed_entity import ManagedEntity, TransitionCallbackReturn
from rclpy.lifecycle.publisher import LifecyclePublisher
from rclpy.node import Node
from rclpy.qos import qos_profile_default
from ros2_lite import lifecycle_states as machine

_OUTCOMES = {
    TransitionCallbackReturn.SUCCESS: "transition_success",
    TransitionCallbackReturn.FAILURE: "transition_failure",
    TransitionCallbackReturn.ERROR: "transition_error",
}
_CALLBACKS = {
    "configuring": "on_configure",
    "cleaningup": "on_cleanup",
    "shuttingdown": "on_shutdown",
    "activating": "on_activate",
    "deactivating": "on_deactivate",
    "errorprocessing": "on_error",
}


class LifecycleState(NamedTuple):
    """A state."""

    label: str
    state_id: int


def _state(number: int) -> LifecycleState:
    return LifecycleState(machine.STATES[number], number)


class LifecycleNodeMixin(ManagedEntity):
    """Adds the life cycle to a Node; each default callback asks the managed entities one after the other."""

    def __init__(
        self, *, enable_communication_interface: bool = True, callback_group: CallbackGroup | None = None
    ) -> None:
        """With `enable_communication_interface`, serve the lifecycle services and publish the transitions."""
        self._state_id = 1
        self._managed_entities: list[ManagedEntity] = []
        self._transition_publisher: Any = None
        if enable_communication_interface:
            self._serve(callback_group)

    def _serve(self, callback_group: CallbackGroup | None) -> None:
        from lifecycle_msgs import srv
        from lifecycle_msgs.msg import TransitionEvent

        node: Any = self
        for name, kind, callback in (
            ("change_state", srv.ChangeState, self._on_change_state),
            ("get_state", srv.GetState, self._on_get_state),
            ("get_available_states", srv.GetAvailableStates, self._on_get_available_states),
            ("get_available_transitions", srv.GetAvailableTransitions, self._on_get_available_transitions),
            ("get_transition_graph", srv.GetAvailableTransitions, self._on_get_transition_graph),
        ):
            node.create_service(kind, f"~/{name}", callback, callback_group=callback_group)
        self._transition_publisher = Node.create_publisher(
            node, TransitionEvent, "~/transition_event", qos_profile_default
        )

    # --- requests from inside ---

    def trigger_configure(self) -> TransitionCallbackReturn:
        """Configure; RCLError where the state does not allow it."""
        return self._change_state(machine.by_label(self._state_id, "configure"))

    def trigger_cleanup(self) -> TransitionCallbackReturn:
        """Undo configuring; RCLError where the state does not allow it."""
        return self._change_state(machine.by_label(self._state_id, "cleanup"))

    def trigger_shutdown(self) -> TransitionCallbackReturn:
        """Shut down; RCLError where the state does not allow it."""
        return self._change_state(machine.by_label(self._state_id, "shutdown"))

    def trigger_activate(self) -> TransitionCallbackReturn:
        """Activate; RCLError where the state does not allow it."""
        return self._change_state(machine.by_label(self._state_id, "activate"))

    def trigger_deactivate(self) -> TransitionCallbackReturn:
        """Deactivate; RCLError where the state does not allow it."""
        return self._change_state(machine.by_label(self._state_id, "deactivate"))

    def _change_state(self, transition: machine.Transition) -> TransitionCallbackReturn:
        left = _state(self._state_id)
        self._enter(transition)
        outcome = self._call(left)
        self._enter(machine.by_label(self._state_id, _OUTCOMES[outcome]))
        if outcome is TransitionCallbackReturn.ERROR:
            self._enter(machine.by_label(self._state_id, _OUTCOMES[self._call(left)]))
        return outcome

    def _call(self, left: LifecycleState) -> TransitionCallbackReturn:
        callback = getattr(self, _CALLBACKS[machine.STATES[self._state_id]])
        try:
            return TransitionCallbackReturn(callback(left))
        except Exception as error:
            node: Any = self
            node.get_logger().error(f"Error raised in {callback.__name__}: {error!r}")
            return TransitionCallbackReturn.ERROR

    def _enter(self, transition: machine.Transition) -> None:
        self._state_id = transition.goal
        if self._transition_publisher is None:
            return
        from lifecycle_msgs.msg import State, TransitionEvent
        from lifecycle_msgs.msg import Transition as TransitionMsg

        self._transition_publisher.publish(
            TransitionEvent(
                timestamp=time.time_ns(),
                transition=TransitionMsg(id=transition.number, label=transition.label),
                start_state=State(id=transition.start, label=machine.STATES[transition.start]),
                goal_state=State(id=transition.goal, label=machine.STATES[transition.goal]),
            )
        )

    # --- managed entities ---

    def add_managed_entity(self, entity: ManagedEntity) -> None:
        """Let an entity follow the node's state."""
        if not isinstance(entity, ManagedEntity):
            raise TypeError("Expected a rclpy.lifecycle.ManagedEntity instance.")
        if entity not in self._managed_entities:
            self._managed_entities.append(entity)

    def _ask_entities(self, callback_name: str, state: LifecycleState) -> TransitionCallbackReturn:
        for entity in self._managed_entities:
            answer = getattr(entity, callback_name)(state)
            if not isinstance(answer, TransitionCallbackReturn):
                raise TypeError(
                    f"{callback_name}() return value of class {type(entity)} should be `TransitionCallbackReturn`."
                )
            if answer is not TransitionCallbackReturn.SUCCESS:
                return answer
        return TransitionCallbackReturn.SUCCESS

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Configure the managed entities; the first that does not succeed decides."""
        return self._ask_entities("on_configure", state)

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Clean the managed entities up; the first that does not succeed decides."""
        return self._ask_entities("on_cleanup", state)

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Shut the managed entities down; the first that does not succeed decides."""
        return self._ask_entities("on_shutdown", state)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Activate the managed entities; the first that does not succeed decides."""
        return self._ask_entities("on_activate", state)

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Deactivate the managed entities; the first that does not succeed decides."""
        return self._ask_entities("on_deactivate", state)

    def on_error(self, state: Any) -> TransitionCallbackReturn:
        """Let the managed entities recover; the first that does not succeed decides."""
        return self._ask_entities("on_error", state)

    def create_lifecycle_publisher(self, *args: Any, **kwargs: Any) -> LifecyclePublisher:
        """Make a publisher that publishes only while the node is active."""
        if "publisher_class" in kwargs:
            raise TypeError("create_publisher() got an unexpected keyword argument 'publisher_class'")
        node: Any = self
        publisher: Any = Node.create_publisher(node, *args, **kwargs, publisher_class=LifecyclePublisher)
        self.add_managed_entity(publisher)
        return publisher

    def destroy_lifecycle_publisher(self, publisher: LifecyclePublisher) -> bool:
        """Destroy such a publisher."""
        if publisher in self._managed_entities:
            self._managed_entities.remove(publisher)
        node: Any = self
        return Node.destroy_publisher(node, publisher)

    # --- services ---

    def _on_change_state(self, request: Any, response: Any) -> Any:
        try:
            if request.transition.label:
                transition = machine.by_label(self._state_id, request.transition.label)
            else:
                transition = machine.by_id(self._state_id, request.transition.id)
        except RCLError as error:
            node: Any = self
            node.get_logger().error(str(error))
            response.success = False
            return response
        response.success = self._change_state(transition) is TransitionCallbackReturn.SUCCESS
        return response

    def _on_get_state(self, request: Any, response: Any) -> Any:
        response.current_state.id = self._state_id
        response.current_state.label = machine.STATES[self._state_id]
        return response

    def _on_get_available_states(self, request: Any, response: Any) -> Any:
        from lifecycle_msgs.msg import State

        response.available_states = [State(id=number, label=label) for number, label in machine.STATES.items()]
        return response

    def _on_get_available_transitions(self, request: Any, response: Any) -> Any:
        response.available_transitions = [_describe(t) for t in machine.available(self._state_id)]
        return response

    def _on_get_transition_graph(self, request: Any, response: Any) -> Any:
        response.available_transitions = [_describe(t) for t in machine.TRANSITIONS]
        return response


def _describe(transition: machine.Transition) -> Any:
    from lifecycle_msgs.msg import State, TransitionDescription
    from lifecycle_msgs.msg import Transition as TransitionMsg

    return TransitionDescription(
        transition=TransitionMsg(id=transition.number, label=transition.label),
        start_state=State(id=transition.start, label=machine.STATES[transition.start]),
        goal_state=State(id=transition.goal, label=machine.STATES[transition.goal]),
    )


class LifecycleNode(LifecycleNodeMixin, Node):
    """A node with a life cycle."""

    def __init__(self, node_name: str, *, enable_communication_interface: bool = True, **kwargs: Any) -> None:
        """Make one; the other arguments are Node's."""
        Node.__init__(self, node_name, **kwargs)
        LifecycleNodeMixin.__init__(self, enable_communication_interface=enable_communication_interface)
