"""A small job of the tests' own: counts slowly, writing each step to a file."""

import time
from pathlib import Path

from core import jobs


@jobs.kind("core.counting", label="Counting")
def counting(job: jobs.Running, *, folder: str, steps: int, pause: float) -> dict:
    for step in range(steps):
        job.progress(step, steps, "counting")
        with (Path(folder) / "steps").open("a") as out:
            out.write(f"{job.job.attempt}:{step}\n")
        time.sleep(pause)
        job.check()
    job.progress(steps, steps)
    return {"steps": steps}
