"""What is here takes builds of its own, and is run only by `./lab test --sanitize`."""


def pytest_ignore_collect(config):
    return None if config.getoption("--sanitize") else True
