"""The count of alterations, at the end of a run."""


def pytest_terminal_summary(terminalreporter):
    from hostile_guard import COUNTS

    if COUNTS:
        terminalreporter.section("altered files, by format")
        for name, counts in COUNTS.items():
            read, refused = counts["read"], counts["refused"]
            terminalreporter.write_line(f"{name:34} {read + refused:5} altered {refused:5} refused {read:5} read")
        total = sum(sum(counts.values()) for counts in COUNTS.values())
        terminalreporter.write_line(f"{'all':34} {total:5} altered")
