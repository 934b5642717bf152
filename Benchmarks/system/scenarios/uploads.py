"""Uploads to a server that keeps nothing, beside the reference client: new files, and one that was changed."""

from measure import MIB, alternating
from results import REFERENCE, Fact, Outcome, Target, Work
from uploaders import ReferenceUploader, UploadCommand, upload_place

COMMAND = UploadCommand.name


def beside_reference(bench, place, title, name, **options):
    """One file by both; `options` are those of `Uploader.run`."""
    uploaders = [UploadCommand(bench, place), ReferenceUploader(bench, place)]
    subjects = {
        uploader.name: lambda uploader=uploader: uploader.run(name, **options) for uploader in uploaders
    }
    bench.progress(f"  {title}")
    work = Work(f"{title}, {bench.whole.mib} MiB", alternating(subjects, bench.rounds, bench.progress))
    facts = [
        Fact(work.name, f"bytes that {subject} sent", f"{work.median(subject, 'sent_bytes') / MIB:.2f} MiB")
        for subject in subjects
    ]
    ratios = [
        ("speed / hf_xet", "megabytes_per_second", 1.5, False),
        ("CPU per GiB / hf_xet", "cpu_per_gib", 0.7, True),
        ("bytes sent / hf_xet", "sent_bytes", 1.01, True),
    ]
    targets = [
        Target(work.name, what, work.ratio(COMMAND, REFERENCE, quantity), bound, is_limit=is_limit)
        for what, quantity, bound, is_limit in ratios
    ]
    targets.append(Target(work.name, "peak memory", work.peak_mib(COMMAND), 256, is_limit=True, unit="MiB"))
    return Outcome([work], targets, facts)


def upload(bench):
    """A file of random bytes, one of weights, and that again after 1% of it changed in 20 places."""
    outcome = Outcome()
    noise, weights, changed = (file.name for file in bench.uploads.files)
    with upload_place(bench, bench.uploads) as place:
        for found in (
            beside_reference(bench, place, "upload of random bytes", noise),
            beside_reference(bench, place, "upload of weights", weights),
            beside_reference(bench, place, "upload of weights, 1% changed", changed, to=weights, after=weights),
        ):
            outcome.works += found.works
            outcome.targets += found.targets
            outcome.facts += found.facts
    return outcome
