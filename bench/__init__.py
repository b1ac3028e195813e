"""The project's own benchmarks: each module prints JSON; `python -m bench` runs them and writes `bench/out`."""
