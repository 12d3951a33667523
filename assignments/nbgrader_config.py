"""nbgrader's settings for this course; paths are relative to this file, so the folder can be copied."""

import os
from pathlib import Path

from nbgrader.preprocessors import (
    AssignLatePenalties,
    GetGrades,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
)

from course_lib.grading.preprocessor import SaveScores, ScoreOutside

HERE = Path(__file__).resolve().parent

c = get_config()  # noqa: F821 - nbgrader puts it here

c.CourseDirectory.course_id = "cnn"
c.CourseDirectory.root = str(HERE)
# The gradebook: a file beside this one, or a server: COURSE_DB_URL=postgresql://user:password@host/gradebook
database = os.environ.get("COURSE_DB_URL", f"sqlite:///{HERE / 'gradebook.db'}")
c.CourseDirectory.db_url = database.replace("postgresql://", "postgresql+psycopg2://", 1)
c.Exchange.root = os.environ.get("COURSE_EXCHANGE", str(HERE / "exchange"))

# What students get in place of a solution.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# Submissions are read whatever they are, scored from outside in a jail, and what went wrong is marked for a
# person. The two lists replace nbgrader's: nothing of a submission ever runs in a kernel here.
c.Autograde.exporter_class = "course_lib.grading.preprocessor.SubmissionExporter"
c.Autograde.pre_convert_hook = "course_lib.grading.preprocessor.quarantine"
c.Autograde.sanitize_preprocessors = [OverwriteKernelspec, OverwriteCells]
c.Autograde.autograde_preprocessors = [ScoreOutside, LimitOutput, SaveScores, AssignLatePenalties]
# What a student gets back is one page that needs no network; it says per check what was tested.
c.GenerateFeedback.exporter_class = "course_lib.grading.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = [GetGrades]
# Formgrader shows what students wrote; HTML among it is shown as text, for its scripts could give points.
c.HTMLExporter.filters = {"markdown2html": "course_lib.grading.pages.formgrader_text"}
# Differences from course_lib.grading.limits.Limits, e.g. {"check_seconds": 60.0}
c.ScoreOutside.limits = {}
