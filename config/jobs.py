"""Who may follow a job besides the person who started it: whoever sees its study."""

from consent.models import Study
from core import access
from core.models import Job, User


def may_see(user: User, job: Job) -> bool:
    return job.study_id is not None and access.visible(user, Study.objects.filter(pk=job.study_id)).exists()
