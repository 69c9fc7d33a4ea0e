"""One class of tests for each folder beside this file, one test for each case in it."""

from pathlib import Path

from pyinfra_testing.operations import make_operation_tests

for folder in sorted(Path(__file__).parent.glob("*.*/")):
    case = make_operation_tests("ringfence.operations", folder.name, folder)
    globals()[f"Test{case.__name__}{folder.name.title().replace('.', '').replace('_', '')}"] = case
del case
