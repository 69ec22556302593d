"""What the demo's participants were told, in plain words, in English and German."""

from __future__ import annotations

PURPOSES = ("collect", "human_annotation", "model_inference", "train_models", "share_controlled")
MODALITIES = ["video", "audio", "text", "signal"]

CHOICES = [
    {"purpose": purpose, "modalities": MODALITIES, "recipient_class": "partner" if purpose == "share_controlled" else "controller",
     "required": purpose == "collect"}
    for purpose in PURPOSES
]  # fmt: skip

ENGLISH = {
    "language": "en",
    "title": "Faces, voices and words: what happens with your recordings",
    "summary": "We keep short recordings of you and ask trained people what you appear to express. You choose what else we may do with "
    "them, one thing at a time. You can pause, stop, or have everything erased whenever you like, and you need give no reason.",
    "sections": [
        {"heading": "Who we are", "text": "Lakeside University (a made-up institution of this demonstration) decides what happens with your recordings. "
         "Dana Kowalczyk is the privacy officer; write to dana@demo.example."},
        {"heading": "How long", "text": "Your agreement lasts three years. After that we ask again or erase."},
        {"heading": "If you stop", "text": "Nothing of yours is used from that minute on. You can then have it erased. Dataset versions that "
         "contain you are recalled, and everyone who received one is told to delete your part within 30 days."},
        {"heading": "Your rights", "text": "You can see and get everything we hold about you, have mistakes corrected, restrict or object to a use, "
         "and complain to the data protection authority."},
    ],
    "purposes": {
        "collect": {"title": "Recording and keeping", "text": "We keep the recordings, encrypted under a key of your own."},
        "human_annotation": {"title": "Labeling by trained people", "text": "They watch or hear short clips and say what I appear to express."},
        "model_inference": {"title": "Predictions by programs", "text": "Programs predict what people would say about my clips."},
        "train_models": {"title": "Training models", "text": "Programs learn from my clips and from what people said about them."},
        "share_controlled": {"title": "Sharing with named partners", "text": "Partners under contract get labels about me, without my name."},
    },
}  # fmt: skip

GERMAN = {
    "language": "de",
    "title": "Gesichter, Stimmen und Worte: was mit Ihren Aufnahmen geschieht",
    "summary": "Wir bewahren kurze Aufnahmen von Ihnen auf und fragen geschulte Menschen, was Sie auszudrücken scheinen. Sie wählen einzeln, was "
    "wir sonst damit tun dürfen. Sie können jederzeit pausieren, aufhören oder alles löschen lassen, ohne einen Grund zu nennen.",
    "sections": [
        {"heading": "Wer wir sind", "text": "Die Lakeside University (eine erfundene Einrichtung dieser Vorführung) entscheidet über Ihre Aufnahmen. "
         "Dana Kowalczyk ist für den Datenschutz zuständig; schreiben Sie an dana@demo.example."},
        {"heading": "Wie lange", "text": "Ihre Zustimmung gilt drei Jahre. Danach fragen wir wieder oder löschen."},
        {"heading": "Wenn Sie aufhören", "text": "Von dieser Minute an wird nichts von Ihnen verwendet. Sie können es dann löschen lassen. "
         "Datensätze mit Ihren Daten werden zurückgerufen; wer einen erhalten hat, muss Ihren Teil in 30 Tagen löschen."},
        {"heading": "Ihre Rechte", "text": "Sie können alles sehen und bekommen, was wir über Sie haben, Fehler berichtigen lassen, eine Nutzung "
         "einschränken oder ihr widersprechen und sich bei der Aufsichtsbehörde beschweren."},
    ],
    "purposes": {
        "collect": {"title": "Aufnehmen und aufbewahren", "text": "Wir bewahren die Aufnahmen auf, verschlüsselt mit einem eigenen Schlüssel."},
        "human_annotation": {"title": "Bewertung durch geschulte Menschen", "text": "Sie sehen oder hören kurze Ausschnitte und sagen, was ich auszudrücken scheine."},
        "model_inference": {"title": "Vorhersagen durch Programme", "text": "Programme sagen vorher, was Menschen über meine Ausschnitte sagen würden."},
        "train_models": {"title": "Modelle trainieren", "text": "Programme lernen aus meinen Ausschnitten und aus dem, was Menschen dazu sagten."},
        "share_controlled": {"title": "Weitergabe an benannte Partner", "text": "Partner unter Vertrag erhalten Bewertungen über mich, ohne meinen Namen."},
    },
}  # fmt: skip
