"""Many takes unattended: planned (`plan`), played side by side (`lanes`, `work`), resumed by what is in the store (`ledger`).

`run` is the loop, `figures` ranks and compares, `progress` shows, `report` writes, `cluster` is the same on many machines.
"""
