"""Pytest plug-in: a skipped test, or a warning of our modules, fails the run."""

import logging

import pytest

OURS = ("crm_loyalty", "crm_tiers", "crm_voc", "crm_gifts", "crm.customer", "crm.tier")


class _Warnings(logging.Handler):
    """Keeps the warnings that come from our modules or speak of them."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.found = []

    def emit(self, record):
        text = f"{record.name}: {record.getMessage()}"
        if any(name in text for name in OURS):
            self.found.append(f"{record.levelname} {text}"[:2000])


_warnings = _Warnings()


def pytest_configure():
    logging.getLogger().addHandler(_warnings)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    report = (yield).get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"A skipped test is a failure: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    report = (yield).get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"A skipped file is a failure: {report.longrepr}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if _warnings.found and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if _warnings.found:
        terminalreporter.section("warnings of our modules: the run has failed")
        for text in dict.fromkeys(_warnings.found):
            terminalreporter.write_line(text)
