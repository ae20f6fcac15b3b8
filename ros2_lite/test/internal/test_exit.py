"""The end of a process, where ROS 2 itself is less kind."""

import subprocess
import sys
import textwrap

TIMEOUT_S = 15.0


def run(code):
    """Run a program to its end."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def test_a_process_that_forgets_to_shut_down_ends_all_the_same():
    done = run("""
        import threading, rclpy
        from rclpy.executors import SingleThreadedExecutor
        rclpy.init()
        node = rclpy.create_node("forgetful")
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        threading.Thread(target=executor.spin, daemon=True).start()
    """)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_callback_that_never_ends_is_cut_off_and_named():
    done = run("""
        import threading, time, rclpy
        import rclpy.executors
        rclpy.executors._EXIT_PATIENCE_S = 0.5
        rclpy.init()
        node = rclpy.create_node("stuck")
        begun = threading.Event()
        node.create_timer(0.01, lambda: (begun.set(), time.sleep(3600)))
        executor = rclpy.executors.MultiThreadedExecutor(2)
        executor.add_node(node)
        threading.Thread(target=executor.spin, daemon=True).start()
        begun.wait()
    """)
    assert done.returncode == 0
    assert "a callback was still running" in done.stderr


def test_a_node_that_is_only_dropped_leaves_no_threads_behind():
    done = run("""
        import rclpy, threading
        for _ in range(20):
            rclpy.init()
            rclpy.create_node("node")
            rclpy.shutdown()
        others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        for thread in others:
            thread.join(5)
        print(threading.active_count())
    """)
    assert done.stdout == "1\n"


def test_a_spinning_node_sleeps_until_something_happens():
    """How often it woke: a loop that looks every ten milliseconds would have woken 150 times."""
    done = run("""
        import resource, rclpy
        rclpy.init()
        node = rclpy.create_node("idle")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
        rclpy.spin_once(node, timeout_sec=1.5)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before)
    """)
    assert int(done.stdout) < 75
