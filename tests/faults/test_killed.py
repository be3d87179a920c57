"""kill -9 at every named step: what was answered stands, what was not comes again, nothing comes twice."""

from tests.faults.stage import LEASES, Stage

OF_WEBHOOKS = ("webhook.signed", "group.gathered", "webhook.stored", "webhook.committed")


def test_the_web_part_killed_at_each_step_of_a_webhook(stage: Stage):
    for step in OF_WEBHOOKS:
        stage.arm(step, stage.dice.randint(1, 2))
        while not stage.struck(step):
            stage.client.deliver(stage.a_crowd(stage.people(4)))
        stage.check()


OF_THE_PUMP = {
    "claim.stored": 1, "claim.committed": 5, "wire.ready": 5, "wire.answered": 5, "result.stored": 1,
    "result.committed": 1,
}  # fmt: skip
"""And how often a campaign of eight surely comes there."""


def test_the_worker_killed_at_each_step_of_a_campaign(stage: Stage):
    for step, most in OF_THE_PUMP.items():
        people = stage.people(8)
        stage.arm(step, stage.dice.randint(1, most))
        stage.launch(people)
        stage.client.deliver(stage.a_crowd(people[:3], others=1))
        stage.await_fault(step)
        stage.check(later=LEASES)
