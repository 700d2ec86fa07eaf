#!/usr/bin/env python3
"""The walk-through of ECS Anywhere (aws_walk.py) on this machine alone: the instances are three agents with the process
engine; the load balancer is fairlead itself, a task that learns of the others from the ECS API alone. Without boto3 and
the CLI it is skipped (exit 77)."""
import unittest

from aws_walk import HOST, LIMIT, PROVIDER, AwsWalk  # first: it may start this program again
from support import accepts, free_port, get, wait_until


class WalkThrough(AwsWalk):
    def test_walk_through(self):
        self.pair.start_control()
        self.aws("create-cluster", "--cluster-name", "demo")
        for turn in range(3):
            first = 33000 + turn * 5000  # dynamic host ports: the "machines" share one address
            self.pair.start_agent(f"agent{turn}", "--engine=process", "--external",
                                  f"--dynamic-ports={first}-{first + 4999}")
        entrance, *workers = self.wait_for_instances()
        self.give_roles(entrance, workers)

        web, dashboard = free_port(), free_port()
        self.start_balancer(entrance, web, dashboard, image="fairlead/proxy",
                            command=[f"--entryPoints.web.address=127.0.0.1:{web}",
                                     f"--entryPoints.traefik.address=127.0.0.1:{dashboard}", "--api.insecure=true",
                                     "--providers.ecs.accessKeyID=any", "--providers.ecs.secretAccessKey=any",
                                     *PROVIDER])
        wait_until(lambda: accepts(web) and accepts(dashboard), "both entry points listen", LIMIT)
        self.assertEqual(get(web, "/", HOST).status, 404)

        tasks = self.start_whoami(workers, image="fairlead/whoami")
        ports = {task["containers"][0]["networkBindings"][0]["hostPort"] for task in tasks}
        self.assertEqual(len(ports), 4)
        wait_until(lambda: sorted(self.hostnames(web).values()) == [3, 3, 3, 3], "four tasks answer in turn", LIMIT)
        self.clean_up(entrance, workers, [(port, "127.0.0.1") for port in (web, *ports)])


if __name__ == "__main__":
    unittest.main()
