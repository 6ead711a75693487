"""lamload: a load generator and benchmarker for AWS Lambda."""

__version__ = "0.1.0"
