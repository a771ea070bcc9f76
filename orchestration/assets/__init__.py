"""Dagster assets, one module per kind: deliveries of the sources, dbt models, the release."""
