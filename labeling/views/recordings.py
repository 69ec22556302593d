"""Pages of a recording: taking one in with its files, and what was read of it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affect.codecs import trace as container
from consent import assets, keys
from consent.gate import Use, permitted
from consent.models import Asset, Participant, Study
from consent.purposes import Modality, PeopleRole
from core import access
from core.errors import Invalid
from core.models import Job
from labeling import pictures
from labeling.media import refused
from labeling.models import Recording, Track, Warned
from labeling.services import care, media
from labeling.services.media import Sent
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
from labeling.views.studies import crumbs, held_study

USE = Use("human_annotation")
MOST_TRACKS = 4
SUGGESTED = 500  # codes offered while typing; any other of the study may be typed as well


class RecordingForm(forms.Form):
    code = forms.CharField(max_length=80, label=gettext_lazy("Code"), help_text=gettext_lazy("A short name, once in this study: s03_interview."))  # fmt: skip
    session = forms.CharField(
        max_length=80, required=False, label=gettext_lazy("Session"),
        help_text=gettext_lazy("Recordings of one meeting share it, so that splits never tear them apart."),
    )  # fmt: skip
    source = forms.CharField(max_length=200, required=False, label=gettext_lazy("Source"))
    licence = forms.CharField(max_length=200, required=False, label=gettext_lazy("Licence"))
    about = forms.CharField(
        max_length=400, required=False, label=gettext_lazy("Whom the labels are about"),
        help_text=gettext_lazy("Codes of participants; left empty, everyone who appears as a target."),
    )  # fmt: skip


class TrackForm(forms.Form):
    name = forms.CharField(max_length=80, required=False, label=gettext_lazy("Name"), help_text=gettext_lazy("video, voice A, pulse"))  # fmt: skip
    modality = forms.ChoiceField(choices=Modality.choices, label=gettext_lazy("What it is"))
    appearing = forms.CharField(
        max_length=2000, required=False, label=gettext_lazy("Who appears in it"), widget=forms.TextInput({"list": "people"}),
        help_text=gettext_lazy("Codes, with the part they have when they are not the target: P-01, P-02 interviewer"),
    )  # fmt: skip
    file = forms.FileField(required=False, label=gettext_lazy("File"), allow_empty_file=True)
    text = forms.CharField(required=False, max_length=100_000, widget=forms.Textarea({"rows": 2}), label=gettext_lazy("Words, of a text"))  # fmt: skip
    offset = forms.FloatField(
        required=False, min_value=-86_400, max_value=86_400, label=gettext_lazy("Begins after, seconds"),
        help_text=gettext_lazy("When this track starts on the recording’s clock. Empty: at once."),
    )  # fmt: skip
    rate = forms.FloatField(
        required=False, min_value=0.001, max_value=100_000, label=gettext_lazy("Samples a second, of a signal"),
        help_text=gettext_lazy("For files of one column. Two columns are seconds and value."),
    )  # fmt: skip

    @property
    def is_used(self) -> bool:
        return any(self.cleaned_data.get(name) for name in ("name", "appearing", "file", "text"))

    def clean(self) -> dict:
        said = super().clean()
        if not self.is_used:
            return said
        if not said.get("name"):
            self.add_error("name", _("Give the track a name."))
        words = said.get("modality") == Modality.TEXT
        if words and not said.get("text"):
            self.add_error("text", _("A text track has its words here."))
        if not words and not said.get("file") and "file" not in self.errors:
            self.add_error("file", _("Choose the file of this track."))
        if said.get("file") is not None and said["file"].too_large:
            self.add_error("file", _("The file is larger than is accepted here."))
        return said

    def clean_appearing(self) -> list[Appears]:
        return [*_people(self.cleaned_data["appearing"])]

    def track(self) -> NewTrack:
        said = self.cleaned_data
        return NewTrack(
            said["modality"], said["name"], said["appearing"], text=said["text"] if said["modality"] == Modality.TEXT else "",
            offset_us=round((said["offset"] or 0) * 1_000_000),
        )  # fmt: skip

    def sent(self) -> Sent | None:
        file = self.cleaned_data["file"]
        if self.cleaned_data["modality"] == Modality.TEXT or file is None:
            return None
        return Sent(file.file, file.name, self.cleaned_data["rate"] or 0.0)


class FileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), allow_empty_file=True)
    rate = TrackForm.base_fields["rate"]

    def sent(self) -> Sent:
        return Sent(self.cleaned_data["file"].file, self.cleaned_data["file"].name, self.cleaned_data["rate"] or 0.0)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """Take in one recording. Every file is examined before anything is stored; what is wrong stands beside its field."""
    study = held_study(request, study_id, "ingest")
    request.section = "studies:recordings"
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = RecordingForm(data)
    tracks = [
        TrackForm(data, files, prefix=f"t{n}", use_required_attribute=False, initial={"modality": "video"})
        for n in range(MOST_TRACKS)
    ]
    if request.method == "POST" and all([form.is_valid(), *(track.is_valid() for track in tracks)]):
        used = [track for track in tracks if track.is_used]
        row = _row(form, used)
        try:
            recording, _job = media.take_in(
                actor=request.user, study=study, row=row, files=[track.sent() for track in used]
            )
            return redirect("studies:recording", study.pk, recording.pk)
        except Invalid as invalid:
            _say(form, used, invalid)
    context = {
        "study": study, "form": form, "tracks": tracks, "endings": {one.label: media.endings(one) for one in Modality},
        "people": Participant.objects.filter(study=study).order_by("code").values_list("code", flat=True)[:SUGGESTED],
        "crumbs": crumbs(study, (_("Recordings"), reverse("studies:recordings", args=[study.pk])), (_("New recording"), "")),
    }  # fmt: skip
    return render(request, "labeling/study/new_recording.html", context, status=422 if form.is_bound else 200)


@require_GET
def recording(request: HttpRequest, study_id: UUID, recording_id: UUID) -> HttpResponse:
    study, found = _held(request, study_id, recording_id, "view")
    return render(request, "labeling/study/recording.html", _shown(request, study, found))


@require_POST
def send_file(request: HttpRequest, study_id: UUID, recording_id: UUID, track_id: UUID) -> HttpResponse:
    """The file of a track that waits for one, or another in place of one that could not be used."""
    study, found = _held(request, study_id, recording_id, "ingest")
    track = access.within(Track.objects.select_related("study", "original").filter(recording=found), pk=track_id)
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            media.send_again(actor=request.user, track=track, sent=form.sent())
            return redirect("studies:recording", study.pk, found.pk)
        except Invalid as invalid:
            form.add_error("file", str(invalid.message))
    context = _shown(request, study, found, sent={track.pk: form})
    return render(request, "labeling/study/recording.html", context, status=422)


@require_POST
def warn(request: HttpRequest, study_id: UUID, recording_id: UUID) -> HttpResponse:
    """What annotators are told before they see or hear it."""
    study, found = _held(request, study_id, recording_id, "ingest")
    care.warn(actor=request.user, recording=found, warnings=request.POST.getlist("warnings"))
    return redirect("studies:recording", study.pk, found.pk)


def _held(request: HttpRequest, study_id: UUID, recording_id: UUID, action: str) -> tuple[Study, Recording]:
    study = held_study(request, study_id, action)
    request.section = "studies:recordings"
    return study, access.within(Recording.objects.filter(study=study), pk=recording_id)


def _shown(request: HttpRequest, study: Study, found: Recording, sent: dict[UUID, FileForm] | None = None) -> dict:
    allowed = permitted(Recording.objects.filter(pk=found.pk), USE).exists()
    hears = allowed and access.may(request.user, "annotations", study)
    ingests = access.may(request.user, "ingest", study)
    job = media.reading_of(found)
    tracks = found.tracks.select_related("original", "proxy", "peaks").prefetch_related(
        "appearances__participant", "alignments", "lanes__asset"
    )
    return {
        "study": study, "recording": found, "allowed": allowed, "ingests": ingests,
        "warnings": [(code, name, code in found.warnings) for code, name in Warned.choices],
        "tracks": [_track(track, hears, ingests, (sent or {}).get(track.pk)) for track in tracks],
        "items": found.items.prefetch_related("targets").order_by("start_us", "code")[:200],
        "job": job if job and job.state in (Job.State.QUEUED, Job.State.RUNNING, Job.State.FAILED) else None,
        "crumbs": crumbs(study, (_("Recordings"), reverse("studies:recordings", args=[study.pk])), (found.code, "")),
    }  # fmt: skip


def _track(track: Track, hears: bool, ingests: bool, form: FileForm | None) -> dict:
    ready = track.state == Track.State.READY
    waits = track.state == Track.State.FAILED or (track.state == Track.State.REGISTERED and track.original_id is None)
    what = "proxy" if track.proxy_id else "original"
    return {
        "track": track,
        "why": refused.sentence(track.failure, track.probe) if track.failure else "",
        "facts": [*_facts(track)] if ready else [],
        "alignments": sorted(track.alignments.all(), key=lambda one: -one.number),
        "form": (form or FileForm(auto_id=f"id-{track.pk}-%s")) if ingests and waits and track.modality != "text" else None,
        "endings": ", ".join(media.endings(track.modality)),
        "src": reverse("labeling:media", args=[track.pk, what]) if hears and ready and track.original_id else "",
        "wave": _wave(track) if hears and ready else "",
        "line": _line(track) if hears and ready else "",
        "text": _words(track) if hears and track.modality == Modality.TEXT and track.text else "",
    }  # fmt: skip


def _facts(track: Track) -> Iterator[tuple[str, str]]:
    """What was read of the file, in words."""
    probe = track.probe
    if "codec" in probe:
        yield _("File"), f"{probe.get('kind', probe['container'])}, {probe['codec']}"
    if "width" in probe:
        yield _("Picture"), _("%(width)d × %(height)d pixels") % probe
        rate = _("variable") if track.variable_rate else f"{track.rate_num / track.rate_den:g}"
        yield _("Frames a second"), rate
    if "sample_rate" in probe:
        yield _("Sound"), _("%(sample_rate)d Hz, channels: %(channels)d") % probe
    if "samples" in probe:
        yield _("Samples"), f"{probe['samples']}"
    if track.start_us:
        yield _("Begins in the file at"), _("%(seconds)s s") % {"seconds": f"{track.start_us / 1e6:.3f}"}
    if track.proxy_id:
        yield _("For browsers"), _("a rendition with the same times")


def _words(track: Track) -> str:
    who = [one.participant_id for one in track.appearances.all()]
    return keys.open_text(bytes(track.text), study_id=track.study_id, participant_ids=who)


def _wave(track: Track) -> str:
    if track.peaks is None or track.peaks.state != Asset.State.STORED:
        return ""
    with assets.open_asset(track.peaks) as stream:
        return pictures.waveform(stream.read())


def _line(track: Track) -> str:
    kept = next(iter(track.lanes.all()), None)
    if track.modality != Modality.SIGNAL or kept is None or kept.asset.state != Asset.State.STORED:
        return ""
    with assets.open_asset(kept.asset) as stream:
        samples = container.unpack(stream.read())
    return pictures.signal_line(samples.times_us, samples.values)


def _row(form: RecordingForm, tracks: list[TrackForm]) -> NewRecording:
    said = form.cleaned_data
    made = [track.track() for track in tracks]
    about = [one.participant for one in _people(said["about"])]
    items = [NewItem(said["code"], about)] if about else []
    return NewRecording(
        said["code"], made, items, session=said["session"], source=said["source"], licence=said["licence"]
    )


def _people(text: str) -> Iterator[Appears]:
    """ "P-01, P-02 interviewer": codes between commas, each with a part or none."""
    for part in text.replace(";", ",").replace("\n", ",").split(","):
        words = part.split()
        if words:
            yield Appears(words[0], words[1].lower() if len(words) > 1 else PeopleRole.TARGET.value)


def _say(form: RecordingForm, tracks: list[TrackForm], invalid: Invalid) -> None:
    """Put each sentence beside the field it is about."""
    if not invalid.fields:
        form.add_error(None, str(invalid.message))
    for place, sentences in invalid.fields.items():
        parts = place.removeprefix("rows/0/").split("/")
        target, field = form, {"items": "about", "code": "code"}.get(parts[0])
        if parts[0] == "tracks" and len(parts) > 1:
            target = tracks[int(parts[1])]
            field = {"appearances": "appearing", "": "offset"}.get(*[parts[2] if len(parts) > 2 else ""] * 2)
        elif parts[0] in RecordingForm.base_fields:
            field = parts[0]
        for sentence in dict.fromkeys(sentences):
            target.add_error(field if field in target.fields else None, sentence)
