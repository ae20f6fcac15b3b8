"""Lifecycle nodes."""

import pytest
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState
from rclpy.lifecycle import LifecycleNode, SimpleManagedEntity, TransitionCallbackReturn
from std_msgs.msg import String

SUCCESS, FAILURE, ERROR = (
    TransitionCallbackReturn.SUCCESS,
    TransitionCallbackReturn.FAILURE,
    TransitionCallbackReturn.ERROR,
)


class Walker(LifecycleNode):
    """Records what it is asked, and answers as told."""

    def __init__(self, answers=None, **options):
        self.calls = []
        self.answers = answers or {}
        super().__init__("walker", **options)

    def _answer(self, name, state):
        self.calls.append((name, state.label))
        answer = self.answers.get(name)
        if isinstance(answer, Exception):
            raise answer
        return answer if answer is not None else getattr(super(), name)(state)

    def on_configure(self, state):
        return self._answer("on_configure", state)

    def on_activate(self, state):
        return self._answer("on_activate", state)

    def on_deactivate(self, state):
        return self._answer("on_deactivate", state)

    def on_cleanup(self, state):
        return self._answer("on_cleanup", state)

    def on_shutdown(self, state):
        return self._answer("on_shutdown", state)

    def on_error(self, state):
        return self._answer("on_error", state)


@pytest.fixture
def walker(ros):
    """Make lifecycle nodes."""

    def make(answers=None):
        node = Walker(answers, context=ros.context)
        ros.nodes.append(node)
        ros.executor.add_node(node)
        return node

    return make


def test_the_whole_life(walker):
    node = walker()
    for trigger in (
        node.trigger_configure,
        node.trigger_activate,
        node.trigger_deactivate,
        node.trigger_cleanup,
        node.trigger_shutdown,
    ):
        assert trigger() == SUCCESS
    assert node.calls == [
        ("on_configure", "unconfigured"),
        ("on_activate", "inactive"),
        ("on_deactivate", "active"),
        ("on_cleanup", "inactive"),
        ("on_shutdown", "unconfigured"),
    ]


def test_impossible_transitions_are_refused(walker):
    node = walker()
    for trigger in (node.trigger_activate, node.trigger_deactivate, node.trigger_cleanup):
        with pytest.raises(RuntimeError):
            trigger()
    node.trigger_shutdown()
    with pytest.raises(RuntimeError):
        node.trigger_configure()


def test_a_failure_goes_back_and_an_error_is_processed(walker):
    node = walker({"on_configure": FAILURE})
    assert node.trigger_configure() == FAILURE
    node.answers = {"on_configure": ERROR, "on_error": SUCCESS}
    assert node.trigger_configure() == ERROR
    node.answers = {"on_configure": ValueError("broken"), "on_error": SUCCESS}
    assert node.trigger_configure() == ERROR
    node.answers = {}
    assert node.trigger_configure() == SUCCESS
    assert [name for name, _ in node.calls].count("on_error") == 2


def test_a_lifecycle_publisher_publishes_only_while_active(ros, walker):
    node = walker()
    publisher = node.create_lifecycle_publisher(String, "chatter", 10)
    got = []
    ros.node("listener").create_subscription(String, "chatter", lambda m: got.append(m.data), 10)
    ros.until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(String(data="unconfigured"))
    node.trigger_configure()
    publisher.publish(String(data="inactive"))
    assert not publisher.is_activated
    node.trigger_activate()
    assert publisher.is_activated
    publisher.publish(String(data="active"))
    ros.until(lambda: got)
    node.trigger_deactivate()
    publisher.publish(String(data="inactive again"))
    ros.spin_for(0.1)
    assert got == ["active"]
    assert node.destroy_lifecycle_publisher(publisher)


def test_managed_entities_follow(walker):
    class Entity(SimpleManagedEntity):
        """Works while enabled."""

        calls = 0

        @SimpleManagedEntity.when_enabled
        def work(self):
            self.calls += 1

    node, entity = walker(), Entity()
    node.add_managed_entity(entity)
    entity.work()
    node.trigger_configure()
    node.trigger_activate()
    entity.work()
    assert entity.calls == 1
    with pytest.raises(TypeError):
        node.add_managed_entity("entity")


def test_the_services(ros, walker):
    walker()
    client = ros.node("client")

    def ask(kind, name, **fields):
        asking = client.create_client(kind, f"walker/{name}")
        assert asking.wait_for_service(10.0)
        return ros.wait(asking.call_async(kind.Request(**fields)))

    assert ask(GetState, "get_state").current_state.label == "unconfigured"
    states = {s.label: s.id for s in ask(GetAvailableStates, "get_available_states").available_states}
    assert states["active"] == State.PRIMARY_STATE_ACTIVE
    assert len(states) == 11
    labels = {
        t.transition.label for t in ask(GetAvailableTransitions, "get_available_transitions").available_transitions
    }
    assert labels == {"configure", "shutdown"}
    graph = ask(GetAvailableTransitions, "get_transition_graph").available_transitions
    assert any(
        (t.transition.id, t.start_state.label, t.goal_state.label)
        == (Transition.TRANSITION_ACTIVATE, "inactive", "activating")
        for t in graph
    )
    assert ask(ChangeState, "change_state", transition=Transition(id=Transition.TRANSITION_CONFIGURE)).success
    assert ask(ChangeState, "change_state", transition=Transition(label="activate")).success
    assert not ask(ChangeState, "change_state", transition=Transition(label="nonsense")).success
    assert ask(GetState, "get_state").current_state.id == State.PRIMARY_STATE_ACTIVE


def test_transitions_are_announced(ros, walker):
    from lifecycle_msgs.msg import TransitionEvent

    got = []
    node = walker()
    listener = ros.node("listener")
    listener.create_subscription(TransitionEvent, "walker/transition_event", got.append, 10)
    ros.until(lambda: listener.count_publishers("walker/transition_event"))
    ros.spin_for(0.2)
    node.trigger_configure()
    ros.until(lambda: len(got) == 2)
    assert [(e.start_state.label, e.goal_state.label) for e in got] == [
        ("unconfigured", "configuring"),
        ("configuring", "inactive"),
    ]
