"""Reading media: what a file really is, its timestamps, its peaks, a rendition that browsers play. No database here."""
