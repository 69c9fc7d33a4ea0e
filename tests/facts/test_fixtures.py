"""One class of tests for each folder beside this file, one test for each case in it."""

from pathlib import Path

from pyinfra_testing.facts import make_fact_tests

for folder in sorted(Path(__file__).parent.glob("*.*/")):
    case = make_fact_tests("ringfence.facts", folder.name, folder)
    globals()[f"Test{folder.name.replace('.', '')}"] = case
del case
