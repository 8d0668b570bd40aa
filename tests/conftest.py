"""What all tests share. Fixtures live in modules by subject."""

pytest_plugins = [
    "tests.fixtures_database",
    "tests.fixtures_dashboard",
    "tests.fixtures_dispatch",
    "tests.fixtures_mosquitto",
    "tests.fixtures_proxy",
    "tests.fixtures_s3",
    "tests.fixtures_sandbox",
    "tests.fixtures_tiktok_sandbox",
]
