#!/usr/bin/env python3
"""The control plane's state through the whole binary: killed under load it keeps what it acknowledged, and a proxy that
watches it follows a task in a moment, in and out. Without boto3 it is skipped (exit 77)."""
import os
import random
import threading
import time
import unittest

from control_plane import BotoCoreError, PairTest
from scripted_agent import ScriptedAgent
from support import HoldingServer, accepts, free_port, get, wait_until

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "8"))


class ControlStateTest(PairTest):
    def test_killed_under_load_it_keeps_all_that_was_acknowledged(self):
        self.pair.start_control()
        ecs = self.pair.ecs()
        random.seed(5)
        acknowledged = []
        for turn in range(ROUNDS):
            def load(worker):
                for n in range(10_000):
                    name = f"c{turn}-{worker}-{n}"
                    try:
                        ecs.create_cluster(clusterName=name)
                    except BotoCoreError:  # killed in the middle: may be there or not
                        return
                    acknowledged.append(name)

            before = len(acknowledged)
            workers = [threading.Thread(target=load, args=(w,)) for w in range(4)]
            for worker in workers:
                worker.start()
            wait_until(lambda: len(acknowledged) > before, "there is a load")
            time.sleep(random.uniform(0, 0.3))  # the moment is what the test is about
            self.pair.kill("control")
            for worker in workers:
                worker.join()
            self.pair.restart("control")
            wait_until(lambda: accepts(self.pair.port), "the control plane listens")
            there = {arn.rsplit("/", 1)[1] for page in ecs.get_paginator("list_clusters").paginate()
                     for arn in page["clusterArns"]}
            missing = set(acknowledged) - there
            self.assertFalse(missing, f"acknowledged and lost after {turn + 1} kills: {sorted(missing)[:5]}")

    def test_a_proxy_that_watches_follows_a_task_in_and_out(self):
        # Drain delay and throttle are the defaults: the stop comes right after another change, so that the proxy may
        # act on it only when its throttle is over.
        self.pair.start_control()
        ecs = self.pair.ecs()
        upstream = HoldingServer()
        self.addCleanup(upstream.stop)
        ecs.create_cluster(clusterName="demo")
        ecs.register_task_definition(family="app", networkMode="awsvpc", containerDefinitions=[{
            "name": "app", "image": "x", "memory": 64, "portMappings": [{"containerPort": upstream.port}],
            "dockerLabels": {"traefik.http.routers.app.rule": "PathPrefix(`/app`)"}}])
        instance = ecs.register_container_instance(cluster="demo", attributes=[
            {"name": "ecs.capability.external"}, {"name": "ecs.capability.task-eni"},
            {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"},
            {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.17"}], totalResources=[
                {"name": "CPU", "type": "INTEGER", "integerValue": 1024},
                {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024}])
        agent = ScriptedAgent(self.pair.port, "demo", instance["containerInstance"]["containerInstanceArn"])
        self.addCleanup(agent.close)
        port = free_port()
        self.pair.start_proxy(port, "--providers.ecs.refreshSeconds=3600", throttle=None)  # it is the watch that tells
        wait_until(lambda: accepts(port), "the proxy listens")
        wait_until(lambda: get(port, "/app").status == 404, "nothing is routed yet")

        started = ecs.run_task(cluster="demo", taskDefinition="app", launchType="EXTERNAL",
                               networkConfiguration={"awsvpcConfiguration": {"subnets": ["s"]}})
        self.assertFalse(started["failures"])
        task = started["tasks"][0]["taskArn"]
        wait_until(lambda: agent.desired.get(task) == "RUNNING", "the agent hears of the task")
        binding = {"bindIP": "127.0.0.1", "containerPort": upstream.port, "hostPort": upstream.port, "protocol": "tcp"}
        ecs.submit_task_state_change(cluster="demo", task=task, status="RUNNING", containers=[
            {"containerName": "app", "status": "RUNNING", "networkBindings": [binding]}])
        began = time.monotonic()
        wait_until(lambda: get(port, "/app").status == 200, "the proxy routes to the task")
        print(f"routed {1000 * (time.monotonic() - began):.0f} ms after the task ran")

        # Its agent hears of the stop only when the proxy has let go of it: the route goes first.
        ecs.stop_task(cluster="demo", task=task)
        began = time.monotonic()
        wait_until(lambda: get(port, "/app").status == 404, "the proxy lets go of the task")
        print(f"let go {1000 * (time.monotonic() - began):.0f} ms after the stop was asked for")
        self.assertEqual(agent.desired[task], "RUNNING", "the agent was told before the proxy had let go")
        wait_until(lambda: agent.desired[task] == "STOPPED", "the agent is told to stop the task")


if __name__ == "__main__":
    unittest.main()
