"""Find the packages: top-level folders map into the one package ``twin`` (see docs/architecture.md)."""

from setuptools import find_packages, setup

MAPPED = {"twin.models": "models", "twin.viz": "viz", "twin.data": "data", "twin.scenarios": "scenarios"}
linked = [pattern for folder in MAPPED.values() for pattern in (folder, folder + ".*")]
packages = ["twin", *("twin." + name for name in find_packages("twin", exclude=linked))]
for name, folder in MAPPED.items():
    packages += [name, *(f"{name}.{child}" for child in find_packages(folder))]
setup(packages=packages, package_dir={"twin": "twin", **MAPPED})
