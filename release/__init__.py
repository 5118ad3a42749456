"""Commands that an operator or CI runs for a stage.

They deploy resources, check the package, redrive dead letters, rebuild lost rows, hide photos and albums again after a
restore, and create CDN keys.
"""
