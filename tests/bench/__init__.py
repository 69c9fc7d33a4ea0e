"""What Ringfence costs, measured against its alternatives on this computer: `make bench`.

Ratios come from one run, in which the ways take turns; figures are medians.
"""
