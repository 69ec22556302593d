"""The datasheet (Gebru et al. 2021), from what was frozen at publication. What is not known says "not recorded"."""

from __future__ import annotations

from datasets.models import DatasetVersion

NOT_RECORDED = "not recorded"


def facts(version: DatasetVersion) -> dict:
    """The datasheet's sections as data."""
    frozen = version.schema
    return {
        "motivation": {"purpose": frozen["study"]["purpose"] or NOT_RECORDED, "made_by": frozen["study"]["controller"], "funding": NOT_RECORDED},
        "composition": {
            "items": version.rows, "split": version.split.get("counts", {}), "groups": version.split.get("groups", 0),
            "fictional_participants": frozen["study"]["fictional"], "sources": [list(s) for s in frozen["sources"]],
        },
        "collection": {"context": frozen["study"]["context"], "bases": frozen["bases"]},
        "labeling": {
            "campaign": frozen["campaign"], "scheme": frozen["scheme"], "questions": frozen["questions"],
            "annotators": frozen["annotators"], "gold_standard": frozen["gold"], "agreement": frozen["agreement"],
        },
        "uses": {
            "purpose": version.purpose, "recipients": version.recipient_class,
            "not_for": "inferring emotions of people at work or in education (Regulation (EU) 2024/1689, Article 5(1)(f)); identifying anyone",
        },
        "distribution": {"root": version.root, "codec": version.codec, "published_on": frozen["published_on"]},
        "maintenance": {"changes": version.changes, "withdrawal": "A later withdrawal recalls this version; rows of that person are to be deleted within 30 days of the notice."},
    }  # fmt: skip


def markdown(version: DatasetVersion) -> str:
    """The same for people."""
    said, frozen = facts(version), version.schema
    lines = [f"# {frozen['dataset']} {version.number}", "", frozen["about"] or "", ""]
    if frozen["study"]["fictional"]:
        lines += ["**The participants are fictional records attached to public sample media.**", ""]
    lines += [
        "## Motivation", said["motivation"]["purpose"], f"Made by {said['motivation']['made_by']}. Funding: {said['motivation']['funding']}.", "",
        "## Composition", f"{version.rows} items in {said['composition']['groups']} groups that share no participant and no session.",
        *(f"- {side}: {n}" for side, n in sorted(said["composition"]["split"].items())), "",
        "## Sources and licences", *(f"- {source}: {licence}" for source, licence in frozen["sources"]), "",
        "## Collection", f"Context: {said['collection']['context']}.", *(f"- {role}, {purpose}: {kind}" for role, purpose, kind in frozen["bases"]), "",
        "## Labeling",
        f"Campaign {frozen['campaign']['name']}, scheme {frozen['scheme']['name']} {frozen['scheme']['version']}; "
        f"{frozen['campaign']['overlap']} answers wanted an item. Values say what people *appear to express*.",
        *(f"- annotators, {kind}: {n}" for kind, n in sorted(frozen["annotators"].items())), "",
        "### Questions", *(_question(q) for q in frozen["questions"]), "",
        "### Agreement", *(_measure(m) for m in frozen["agreement"]), *([] if frozen["agreement"] else [NOT_RECORDED]), "",
        "### Gold standard", *(f"- {key}: {_method(m)}" for key, m in sorted(frozen["gold"]["method"].items())), "",
        "## Uses", f"For: {said['uses']['purpose']}. Not for: {said['uses']['not_for']}.", "",
        "## Maintenance", said["maintenance"]["withdrawal"], _changes(version), "",
        "## Columns", "Every column is described in manifest.json and in the Parquet files' metadata.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _question(question: dict) -> str:
    prompt = question["prompt"].get("en", "")
    if question["labels"]:
        codes = ", ".join(label["code"] for label in question["labels"])
        return f"- {question['key']} ({question['level']}): {prompt} {codes}"
    if question["minimum"] is None:
        return f"- {question['key']} ({question['kind']}, {question['level']}): {prompt}"
    anchors = "; ".join(f"{a['value']:g} {a['text'].get('en', '')}" for a in question["anchors"])
    return f"- {question['key']} ({question['level']}, {question['minimum']:g} to {question['maximum']:g}): {prompt} {anchors}"


def _measure(measure: dict) -> str:
    if measure["value"] is None:
        return f"- {measure['question']}: undefined, {measure['why']}"
    interval = measure["interval"]
    bounds = (
        f", 95 % interval {interval['low']:.3f} to {interval['high']:.3f} ({interval['method']})" if interval else ""
    )
    return f"- {measure['question']}: {measure['method']} {measure['value']:.3f}{bounds}; {measure['n_units']} units, {measure['n_raters']} raters"


def _method(method: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(method.items()))


def _changes(version: DatasetVersion) -> str:
    c = version.changes
    if not c.get("since"):
        return "First version."
    return f"Since {c['since']}: {c['added']} items added, {c['changed']} changed, {c['removed']} removed, {c['withdrawn']} of them because somebody who appears no longer allows the use."
