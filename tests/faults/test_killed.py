"""kill -9 at every named step: what was answered stands, what was not comes again, nothing comes twice."""

from tests.faults.stage import LEASES, Stage

OF_WEBHOOKS = ("webhook.signed", "group.gathered", "webhook.stored", "webhook.committed")


def test_the_web_part_killed_at_each_step_of_a_webhook(stage: Stage):
    for step in OF_WEBHOOKS:
        stage.arm(step, stage.dice.randint(1, 2))
        while not stage.struck(step):
            stage.client.deliver(stage.a_crowd(stage.people(4)))
        stage.check()


OF_THE_PUMP = (
    "claim.stored", "claim.committed", "wire.ready", "wire.answered", "result.stored", "result.committed",
)  # fmt: skip


def test_the_worker_killed_at_each_step_of_a_campaign(stage: Stage):
    for step in OF_THE_PUMP:
        people = stage.people(8)
        stage.arm(step, stage.dice.randint(1, 2))
        stage.launch(people)
        stage.client.deliver(stage.a_crowd(people[:3], others=1))
        stage.until(lambda step=step: stage.struck(step), step)
        stage.check(later=LEASES)
